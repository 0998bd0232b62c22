import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * HAPI's R4 instance validator with the profiles of a folder.
 *
 * <p>Argument: the folder of StructureDefinitions, CodeSystems and ValueSets (JSON). Each line of standard input is a
 * resource; each line of standard output is "ok", or the findings of severity error and warning, separated by tabs.
 */
public class FhirValidation {

  public static void main(String[] arguments) throws IOException {
    var fhir = FhirContext.forR4();
    var validator = validator(fhir, profiles(fhir, Path.of(arguments[0])));
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      System.out.println(findings(validator, line));
    }
  }

  private static FhirValidator validator(FhirContext fhir, PrePopulatedValidationSupport profiles) {
    var chain =
        new ValidationSupportChain(
            new DefaultProfileValidationSupport(fhir),
            profiles,
            new CommonCodeSystemsTerminologyService(fhir),
            new InMemoryTerminologyServerValidationSupport(fhir),
            new SnapshotGeneratingValidationSupport(fhir));
    var module = new FhirInstanceValidator(chain);
    module.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    module.setAnyExtensionsAllowed(false);
    return fhir.newValidator().registerValidatorModule(module);
  }

  private static PrePopulatedValidationSupport profiles(FhirContext fhir, Path folder) throws IOException {
    var support = new PrePopulatedValidationSupport(fhir);
    IParser parser = fhir.newJsonParser();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(".json")).sorted().toList()) {
        IBaseResource resource = parser.parseResource(Files.readString(file));
        support.addResource(resource);
      }
    }
    return support;
  }

  private static String findings(FhirValidator validator, String resource) {
    var found = new StringBuilder();
    for (SingleValidationMessage message : validator.validateWithResult(resource).getMessages()) {
      if (message.getSeverity().ordinal() >= ResultSeverityEnum.WARNING.ordinal()) {
        found.append(message.getSeverity()).append(' ').append(message.getLocationString()).append(": ");
        found.append(message.getMessage().replaceAll("[\\t\\r\\n]+", " ")).append('\t');
      }
    }
    return found.isEmpty() ? "ok" : found.toString().strip();
  }
}
