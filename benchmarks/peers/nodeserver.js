// A foreign OPC UA server, on node-opcua: PORT COUNT CHANGE_MS MAX_NODES_PER_READ FOLDER [secured],
// on loopback; secured, it also offers every policy and mode, to clients that FOLDER trusts.
// It has COUNT doubles, i=1 and up in the namespace urn:handwheel:peer, each its own number at first;
// with a CHANGE_MS all of them count up, one in each of these. Beside them stand a few nodes by name.
// Its keys go into FOLDER. It says "ready" once it serves, and ends with its input.
"use strict";

const { OPCUAServer } = require("node-opcua-server");
const { OPCUACertificateManager } = require("node-opcua-certificate-manager");
const { MessageSecurityMode, SecurityPolicy } = require("node-opcua-secure-channel");
const { DataType, Variant, VariantArrayType } = require("node-opcua-variant");
const { StatusCodes } = require("node-opcua-status-code");

// The library tells its own news by console.log, and standard output is for "ready".
const say = (line) => process.stdout.write(`${line}\n`);
console.log = console.error;

const { None: NONE, Sign, SignAndEncrypt } = MessageSecurityMode;
const POLICIES = [
  SecurityPolicy.Basic256Sha256, SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Aes256_Sha256_RsaPss,
];
const LARGEST = 2n ** 64n - 1n;
const halves = (number) => [Number(number >> 32n), Number(number & 0xffffffffn)];
const SCALARS = {
  Boolean: true, SByte: -128, Byte: 255, Int16: -32768, UInt16: 65535,
  Int32: -(2 ** 31), UInt32: 2 ** 32 - 1, Int64: [0x80000000, 0], UInt64: halves(LARGEST),
  Float: Math.fround(0.1), Double: 0.1, String: "Grüße",
};
const DOUBTFUL = {
  Bad: StatusCodes.BadSensorFailure, Uncertain: StatusCodes.UncertainSensorNotAccurate,
};

let space, owner;

function add(nodeId, browseName, dataType, value, arrayType = VariantArrayType.Scalar) {
  const node = space.addVariable({
    organizedBy: owner, nodeId, browseName, dataType,
    valueRank: arrayType === VariantArrayType.Scalar ? -1 : 1,
  });
  node.setValueFromSource(new Variant({ dataType: DataType[dataType], arrayType, value }));
  return node;
}

function populate(server, count) {
  const whole = server.engine.addressSpace;
  space = whole.registerNamespace("urn:handwheel:peer");
  owner = whole.rootFolder.objects;
  for (const [name, value] of Object.entries(SCALARS)) add(`s=${name}`, name, name, value);
  for (const [name, status] of Object.entries(DOUBTFUL)) {
    const node = add(`s=${name}`, name, "Double", 7.0);
    node.setValueFromSource(new Variant({ dataType: DataType.Double, value: 7.0 }), status);
  }
  const profile = Float64Array.from([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]);
  add("s=Profile", "Profile", "Double", profile, VariantArrayType.Array);
  const numbers = [];
  for (let each = 1; each <= count; each++) numbers.push(add(`i=${each}`, "number", "Double", each));
  return numbers;
}

function change(numbers, every) {
  let moved = 0;
  setInterval(() => {
    moved += 1;
    numbers.forEach((node, place) => node.setValueFromSource(
      new Variant({ dataType: DataType.Double, value: place + 1 + moved }),
    ));
  }, every);
}

async function main() {
  const [port, count, every, most, folder, secured] = process.argv.slice(2);
  const keys = new OPCUACertificateManager({ rootFolder: folder, keySize: 2048 });
  const server = new OPCUAServer({
    port: Number(port), host: "127.0.0.1", hostname: "127.0.0.1", resourcePath: "/",
    serverCertificateManager: keys, userCertificateManager: keys,
    securityModes: secured ? [NONE, Sign, SignAndEncrypt] : [NONE],
    securityPolicies: secured ? [SecurityPolicy.None, ...POLICIES] : [SecurityPolicy.None],
    serverCapabilities: { operationLimits: { maxNodesPerRead: Number(most) } },
  });
  await server.initialize();
  const numbers = populate(server, Number(count));
  if (Number(every)) change(numbers, Number(every));
  await server.start();
  say("ready");
  process.stdin.on("end", () => process.exit(0)).resume();
}

main().catch((error) => { console.error(error); process.exit(2); });
