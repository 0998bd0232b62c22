import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.parser.CanonicalModelClassFactory;
import ca.uhn.hl7v2.util.Terser;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * HAPI as a sender: each file parsed by HAPI, sent by its initiator over one connection, each answer parsed and validated
 * by HAPI's default rules. Usage: Sender HOST PORT FILE...; prints a line of JSON a message.
 */
public final class Sender {
  private Sender() {}

  public static void main(String[] args) throws Exception {
    try (HapiContext context = new DefaultHapiContext(new CanonicalModelClassFactory("2.5.1"))) {
      MinLowerLayerProtocol protocol = new MinLowerLayerProtocol();
      protocol.setCharset(StandardCharsets.UTF_8);
      context.setLowerLayerProtocol(protocol);
      Connection connection = context.newClient(args[0], Integer.parseInt(args[1]), false);
      connection.getInitiator().setTimeout(20, TimeUnit.SECONDS);
      for (int number = 2; number < args.length; number++) {
        String text = Files.readString(Path.of(args[number]), StandardCharsets.UTF_8);
        Message answer = connection.getInitiator().sendAndReceive(context.getPipeParser().parse(text));
        System.out.println(line(args[number], answer));
      }
      connection.close();
    }
  }

  private static String line(String file, Message answer) throws Exception {
    Terser terser = new Terser(answer);
    return "{"
        + String.join(
            ", ",
            member("file", file),
            member("answer", answer.encode()),
            member("code", terser.get("/MSA-1")),
            member("control_id", terser.get("/MSA-2")))
        + "}";
  }

  private static String member(String name, String value) {
    StringBuilder quoted = new StringBuilder();
    for (char each : value.toCharArray()) {
      quoted.append(each < ' ' || each == '"' || each == '\\' ? String.format("\\u%04x", (int) each) : each);
    }
    return '"' + name + "\": \"" + quoted + '"';
  }
}
