"""Words and phrases of questions, by the terminal of the grammar that they are."""

from collections.abc import Sequence

_PHRASES = """
MEAN: average, mean, avg
LOWEST: lowest, minimum, min value, smallest
HIGHEST: highest, maximum, max, peak, largest
WHY: why, causing, whats causing, what is behind, how come, reason, reason for, cause, what for,
    what causes, what is causing, what makes, cause of, explain, making,
    brought in, brought on, set off, triggered, triggers
WHO: who, by whom, whose
WHEN: when, what time, at what time, at what hour
SINCE: when did, since when, how long has, how long have, for how long, how long is, since what
    time
UNTIL: when does, how many time, how many time until, days left, hours left, days left before,
    left before, how long till, how many days, how many hours, how many days before, how many
    hours before, time left until, time left before, do we get, when do we get, at what time do we
    get, when do we reach, how long until, how long before, how much time, time left, when will,
    how soon, how far off, minutes until, hours until, time until, time to, how many minutes, how
    long do we, how long have we got, how long have i got, have we got before, how much time have
    we got, how long is left
IF: what if, if, instead of, effect of, suppose, what would happen, what happens when, what
    happens
HIGH: too high, so high, high, elevated, above normal, up, hot, too hot, warm, above, higher than,
    more than, greater than
LOW: too low, so low, low, below normal, down, cold, below, under, lower than, less than
RISING: rising, rose, went up, climbed, rise, rises, increasing, increase, climbing, going up,
    creeping up, growing, coming up
FALLING: falling, fell, went down, dropped, sank, fall, falls, dropping, drop, drops, decreasing,
    decrease, going down, sinking, sagging, coming down, declining, sag, sags,
    sagged, dip, dips, dipped
CHANGED: changed, change, touch, touched, changes, happened, happen, moved, different, events,
    done, written, wrote
BEFORE: before, prior to, ahead of, just before, leading up to
RECENT: last, past, recent, recently, lately, today, this shift
WAITING: nobody has decided, nobody decided, not decided, not yet decided, waiting, waits, wait,
    pending, outstanding, to approve, to sign, needs approval, need approval, needs signing, in
    the queue, queue, undecided, to decide, need my, needs my, not approved, not approved or
    rejected, not yet approved
REQUEST: the start of, start of, stop of, the stop of, request, requests, approval, approvals,
    proposal, proposals, change request
DECIDED: signed, decided
APPROVED: approved, accepted, authorised, authorized, signed off, said yes, say yes
REJECTED: knocked back, thrown out, rejected, refused, declined, turned down, said no, say no
SIMILAR: case like this, a case like, earlier cases like, cases like, seen this before, seen
    anything like, before like, similar, seen this, seen that, had this, had that, like this, like
    that, same thing, earlier cases, past cases, previous cases, history of, happened before, seen
    before, had before, last time
LIMIT: set point, setpoint, limit, limits, trip, trips, tripping, trip point, alarm limit,
    reaches, reach, reaching, hits, hit, alarm low, alarm high, alarms low, alarms high
ALARM: alm, alms, alarm, alarms, alarming, annunciated
ORDER: wo, wos, open work orders, open work order, open orders, open jobs, work order, work
    orders, workorder, workorders, maintenance jobs, jobs, maintenance orders, orders
RUN: standby, stand by, running, runs, run, on duty, duty, started, turning, in service,
    operating, on
CONDITION: good, ready, doing, condition, health, healthy, ok, okay, alright, all right, shape,
    state, status
WRONG: wrong, problem, problems, fault, faults, diagnosis, diagnose, suspect, suspected, suspects,
    agents, trouble, issue, issues, going on, matter, cases, case
TAKE: pull, take, taking, isolate, hand over, give, isolating, remove, release
OUT: out of service, out, fitters, to the fitters, workshop, offline, maintenance, for
    maintenance, repair, for repair
WHICH: which, what, whats, which one
HOW: how, hows
NOW: now, right now, at the moment, currently, current value, present value, present, value,
    reading
SHOW: show, show me, list, give me, tell me, read, display, get
COMMAND: approve, reject, delete, write, set, start, stop, open, close, reset, force, bypass,
    acknowledge, ignore, disable, shut, trip the, raise, lower, put, switch, execute, send, erase,
    override, sign
NEED: need, needed, needs, needed to, required, take to, would it take, do we need, necessary
"""

_FILLERS = """
a an the is are was were be been being it its this that there here we i you me my our us they them
their he she do does did has have had can could would will shall should may might must please of to
in on at for with from and or so any anything something some all just still yet currently get got
gets by as about into than then too very much many more plant also really again ever same happening
going pls plz w haven havent hasn isn aren wasn don t not yet closed o clock morning afternoon
tonight tomorrow yesterday ago earlier back possible
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that tell nothing about which question it is."""


def _table() -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for line in _PHRASES.replace("\n    ", " ").strip().splitlines():
        terminal, _, phrases = line.partition(": ")
        found |= {tuple(each.split()): terminal for each in phrases.split(", ")}
    return found


_BY_WORDS = _table()
_LONGEST = max(map(len, _BY_WORDS))


def terminal_of(words: Sequence[str]) -> tuple[str, int]:
    """Returns the terminal with which words begin and how many it takes, an empty one for none."""
    for count in range(min(_LONGEST, len(words)), 0, -1):
        if found := _BY_WORDS.get(tuple(words[:count])):
            return found, count
    return "", 1
