"""The known pitfalls of both libraries, each with a test of our client.

Most scenarios are also run against a naive client of `tests.pitfalls.naive`, written as comparable
agents write it, and its failure is asserted with its symptom, so that a library that got better is
noticed. Where no failure shows here, the last column says so: a split reply, and the pitfalls of
servers that are ours. Rates and sizes in it were measured once; the tests assert their order of
magnitude. asyncua 2.1.0, pymodbus 3.16.1.

asyncua, in `test_opcua` where nothing else is said:

| pitfall | test | what the naive client shows |
|---|---|---|
| after one cut Republish floods | `…after_two_cuts…` | some 4,600 requests a second |
| after a second cut no items, no event | `…after_two_cuts…` | connected, and hears nothing |
| requests are not gated while it reconnects | `…call_waits…` | `ConnectionError` |
| its watchdog gives up a server 1.5 s late | `…two_seconds_late…` | the loss of a healthy server |
| keep-alive of 450 to 2,700 s | `…subscription_that_died…` | 450 s and more are asked for |
| Bad is `None`, Uncertain a bare value | `…without_its_quality` | `[7, None]`, or it raises |
| its iterator drops first values silently | `…every_first_value…` | 300 of 399 |
| async handlers run out of order | `…in_order` | another order than the changes |
| more nodes than MaxNodesPerRead | `…split_by_the_servers_limit` | `BadTooManyOperations` |
| a write in flight at a disconnect | `test_opcua_writes` | the error of one never sent |
| an answer's request handle is not checked | `test_hostile_opcua` | old values as present ones |
| a fresh client for each loss works | `tests.soak.test_cuts`, 60 cuts | see two cuts |
| its default server lets anyone write | `test_server`, `test_identity` of the plant | ours |

Expired and unknown certificates, and TLS, belong to a later issue.

pymodbus, in `test_modbus` where nothing else is said:

| pitfall | test | what the naive client shows |
|---|---|---|
| exceptions are returned, not raised | `…exception_is_no_answer` | no registers and no error |
| | `…refused_write…` | a refused write is done |
| short, long and foreign replies pass | `…misfits…` | one register of two, or another table |
| transaction 0 after a cancelled read | `…answers_as_0…` | all 9 values wrong |
| `retries=3` duplicates writes | `…without_its_answer…` | four frames, or two and "done" |
| requests are sent again after a reconnect | `…without_its_answer…[hung up]` | four frames |
| a false echo passes | `…without_its_answer…[false echo]` | done |
| a dead device costs 12 s and its connection | `…dead_device…` | four requests a read |
| | `test_half_open` | not noticed when ours is |
| a dead unit delays healthy ones | `…dead_unit…` | asked once in four time-outs |
| a failed first connect is never retried | `…first_connect…` | never connected |
| `reconnect_delay_max` is 300 s | `…at_most_seconds_apart` | 300 s, by its settings |
| no byte order | `…byte_order…` | `BADC` and `DCBA` cannot be read |
| a split reply is lost | `…split_reply…` | does not show over TCP, only over TLS |
| all of it, at random | `test_hostile_modbus`, `tests.soak.test_hostile` | wrong values for good |
| server: one reply to a segment of five | `test_pymodbus_server` | one reply |
| server: a slow action mixes up the ids | `test_pymodbus_server` | the second id twice |
| server: an unknown unit is exception 4 | `test_pymodbus_server` | exception 4 |

A byte count that does not fit is refused by pymodbus 3.16.1 too: it fails in its own protocol and
drops the connection.
"""
