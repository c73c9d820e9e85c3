// A second foreign OPC UA client, on node-opcua: obeys the commands on standard input, an answer
// a line. Called with ENDPOINT USER PASSWORD.
"use strict";

const opcua = require("node-opcua-client");
const readline = require("readline");

const FIELDS = [
  "EventId", "EventType", "SourceName", "Message", "Severity", "ConditionName", "Retain",
  "AckedState", "AckedState.Id", "ActiveState", "ActiveState.Id", "Comment", "ClientUserId",
  "HighLimit", "LowLimit", "BranchId", "EnabledState", "EnabledState.Id", "ConditionClassId",
  "ConditionClassName", "LastSeverity", "InputNode", "Time", "ReceiveTime",
];
const PATIENCE_MS = 8000;

// The library tells its own news by console.log, and standard output is for answers.
const say = (line) => process.stdout.write(`${line}\n`);
console.log = console.error;

const arrived = [];
let session, subscription, last;

function plain(variant) {
  const value = variant.value;
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (value.text !== undefined) return value.text;
  return variant.dataType === opcua.DataType.NodeId ? value.toString() : value;
}

async function subscribe() {
  subscription = await session.createSubscription2({
    requestedPublishingInterval: 20, requestedLifetimeCount: 1000,
    requestedMaxKeepAliveCount: 10, publishingEnabled: true,
  });
  const filter = opcua.constructEventFilter(FIELDS, opcua.ofType("ConditionType"));
  filter.selectClauses.push(new opcua.SimpleAttributeOperand({
    attributeId: opcua.AttributeIds.NodeId, typeDefinitionId: "i=2782", browsePath: [],
  }));
  const item = await subscription.monitor(
    { nodeId: "i=2253", attributeId: opcua.AttributeIds.EventNotifier },
    { filter, queueSize: 100, discardOldest: true, samplingInterval: 0 },
    opcua.TimestampsToReturn.Both,
  );
  item.on("changed", (fields) => arrived.push(fields));
  return item.statusCode.name;
}

async function next() {
  const end = Date.now() + PATIENCE_MS;
  while (!arrived.length && Date.now() < end) await new Promise((done) => setTimeout(done, 10));
  const fields = arrived.shift();
  if (!fields) return "{}";
  const names = [...FIELDS, "ConditionId"];
  if (fields[names.length - 1].value) {
    last = { eventId: fields[0].value, condition: fields[names.length - 1].value };
  }
  return JSON.stringify(Object.fromEntries(names.map((name, i) => [name, plain(fields[i])])));
}

async function sample(nodes) {
  const values = await session.read(
    nodes.map((nodeId) => ({ nodeId, attributeId: opcua.AttributeIds.Value })),
  );
  return JSON.stringify(values.map((each) => [each.statusCode.name, each.value.value]));
}

async function write(node, value) {
  const status = await session.write({
    nodeId: node, attributeId: opcua.AttributeIds.Value,
    value: { value: { dataType: "Double", value: Number(value) } },
  });
  return status.name;
}

async function refresh() {
  const result = await session.call({
    objectId: "i=2782", methodId: "i=3875",
    inputArguments: [{ dataType: "UInt32", value: subscription.subscriptionId }],
  });
  return result.statusCode.name;
}

async function obey(line) {
  const [verb, ...words] = line.split("\t");
  switch (verb) {
    case "subscribe": return subscribe();
    case "next": return next();
    case "sample": return sample(words);
    case "write": return write(...words);
    case "refresh": return refresh();
    case "acknowledge":
      return (await session.acknowledgeCondition(last.condition, last.eventId, words[0])).name;
    default: throw new Error(line);
  }
}

async function main() {
  const [endpoint, userName, password] = process.argv.slice(2);
  const client = opcua.OPCUAClient.create({
    endpointMustExist: false, connectionStrategy: { maxRetry: 0 },
  });
  await client.connect(endpoint);
  try {
    const type = opcua.UserTokenType.UserName;
    session = await client.createSession({ type, userName, password });
    say("Good");
    for await (const line of readline.createInterface({ input: process.stdin })) {
      say(await obey(line));
    }
    await session.close();
  } catch (error) {
    say(error.message);
  }
  await client.disconnect();
}

main().catch((error) => { console.error(error); process.exit(2); });
