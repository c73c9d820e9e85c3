// A foreign Modbus server, on modbus-serial: PORT ITEMS, on loopback. Each table has ITEMS items: a
// holding register is its own address, an input register 65535 less its address; every third coil
// and every fifth discrete input is on. It says "ready" and ends with its input.
"use strict";

const { ServerTCP } = require("modbus-serial");

const [port, items] = process.argv.slice(2).map(Number);

function each(of) {
  return (address) => {
    if (address < items) return of(address);
    throw Object.assign(new Error("no such address"), { modbusErrorCode: 2 });
  };
}

const written = new Map();
const vector = {
  getHoldingRegister: each((address) => written.get(address) ?? address),
  getInputRegister: each((address) => 65535 - address),
  getCoil: each((address) => address % 3 === 0),
  getDiscreteInput: each((address) => address % 5 === 0),
  setRegister: (address, value) => { written.set(address, value); },
};

const server = new ServerTCP(vector, { host: "127.0.0.1", port, unitID: 255 });
server.on("initialized", () => process.stdout.write("ready\n"));
server.on("socketError", () => {});
process.stdin.on("end", () => process.exit(0)).resume();
