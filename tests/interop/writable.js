// A foreign OPC UA server to write to, on node-opcua: PORT FOLDER ANONYMOUS_PORT, on loopback, with
// ten sessions and connections at most. Each node of the namespace urn:handwheel:peer, such as
// s=Int16, is writable and keeps the time of its last change; `gate` logs in with a password. A
// second one, at the last port, offers no user names. The keys are in FOLDER. It says "ready" once
// it serves, answers each line of its input with "SESSIONS SUBSCRIPTIONS WRITES", and ends with it.
"use strict";

const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-secure-channel");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");
const readline = require("readline");

// The library tells its own news by console.log, and standard output is for answers.
const say = (line) => process.stdout.write(`${line}\n`);
console.log = console.error;

const SESSIONS = 10;
const SCALARS = {
  Boolean: true, SByte: 1, Byte: 1, Int16: 1, UInt16: 1, Int32: 1, UInt32: 1,
  Int64: [0, 1], UInt64: [0, 1], Float: 1, Double: 1, String: "as found",
};
const MODES = ["off", "manual", "auto"];

let writes = 0;

function add(space, nodeId, dataType, type, value) {
  const organizedBy = space.addressSpace.rootFolder.objects;
  const node = space.addVariable({ organizedBy, nodeId, browseName: nodeId, dataType });
  const arrayType = VariantArrayType.Scalar;
  node.setValueFromSource(new Variant({ dataType: DataType[type], arrayType, value }));
  node.on("value_changed", () => { writes += 1; });
}

function populate(server) {
  const space = server.engine.addressSpace.registerNamespace("urn:handwheel:peer");
  for (const [name, value] of Object.entries(SCALARS)) {
    add(space, `s=${name}`, name, name, value);
  }
  const modes = space.addEnumerationType({ browseName: "Modes", enumeration: MODES });
  add(space, "s=Mode", modes, "Int32", 0);
}

async function serve(port, keys, policies) {
  const server = new OPCUAServer({
    port: Number(port), host: "127.0.0.1", hostname: "127.0.0.1", resourcePath: "/",
    serverCertificateManager: keys, userCertificateManager: keys,
    securityModes: [MessageSecurityMode.None], securityPolicies: policies,
    serverCapabilities: { maxSessions: SESSIONS }, maxConnectionsPerEndpoint: SESSIONS,
    userManager: { isValidUser: (user, password) => user === "gate" && password === "secret" },
  });
  await server.initialize();
  populate(server);
  await server.start();
  return server;
}

async function main() {
  const [port, folder, anonymous] = process.argv.slice(2);
  const keys = new OPCUACertificateManager({ rootFolder: folder, keySize: 2048 });
  await keys.initialize();
  const { None: NONE, Basic256Sha256 } = SecurityPolicy;
  // A password is encrypted after the second policy; without it, user names are not offered.
  const { engine } = await serve(port, keys, [NONE, Basic256Sha256]);
  await serve(anonymous, keys, [NONE]);
  say("ready");
  for await (const _ of readline.createInterface({ input: process.stdin })) {
    say(`${engine.currentSessionCount} ${engine.currentSubscriptionCount} ${writes}`);
  }
  process.exit(0);
}

main().catch((error) => { console.error(error); process.exit(2); });
