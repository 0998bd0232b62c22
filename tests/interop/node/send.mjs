// node-hl7-client as a sender: each file on one connection, the next one when the answer to the last has come.
// Usage: node send.mjs HOST PORT FILE...; prints a line of JSON a message.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

// The package stands in the build folder, not beside this file.
const require = createRequire(join(process.env.INTEROP_NODE, "package.json"));
const { Client, Message } = require("node-hl7-client");
const [host, port, ...files] = process.argv.slice(2);

let answered = () => {};
const client = new Client({ host });
const connection = client.createConnection({ port: Number(port), encoding: "utf-8", waitAck: true }, (response) =>
  answered(response.getMessage()),
);
await new Promise((resolve) => connection.on("connect", resolve));

for (const file of files) {
  const answer = new Promise((resolve) => (answered = resolve));
  await connection.sendMessage(new Message({ text: readFileSync(file, "utf-8") }));
  const message = await answer;
  const line = {
    file,
    answer: message.toString(),
    code: message.get("MSA.1").toString(),
    control_id: message.get("MSA.2").toString(),
  };
  console.log(JSON.stringify(line));
}
client.closeAll();
process.exit(0);
