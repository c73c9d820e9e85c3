"""Words and phrases of questions, by the terminal of the grammar that they are."""

from collections.abc import Sequence

_PHRASES = """
MEAN: average, mean, avg
LOWEST: lowest, minimum, min value, smallest
HIGHEST: highest, maximum, max, peak, largest
WHY: why, causing, whats causing, what is behind, whats behind, behind, how come, reason,
    reason for, cause, what for, what causes, what is causing, what makes, cause of, explain,
    making, brought in, brought on, set off, triggered, triggers
WHO: who, by whom, whose
WHEN: when, what time, at what time, at what hour
SINCE: when did, since when, how long has, how long have, for how long, how long is, since what
    time
UNTIL: when does, how many time, how many time until, days left, hours left, days left before, left
    before, how long till, how many days, how many hours, how many days before, how many hours
    before, time left until, time left before, do we get, when do we get, at what time do we get,
    when do we reach, how long until, how long before, how much time, time left, when will, how
    soon, how far off, minutes until, hours until, time until, time to, how many minutes, how long
    do we, how long have we got, how long have i got, have we got before, how much time have we
    got, how long is left, at this rate, how much time until
IF: what if, if, instead of, effect of, effect on, suppose, what would happen, what happens when,
    what happens, end up, ends up
HIGH: too high, so high, high, elevated, above normal, up, hot, too hot, warm
LOW: too low, so low, low, below normal, down, cold
ABOVE: above, over, higher than, more than, greater than
BELOW: below, under, lower than, less than
RISING: rising, rose, went up, climbed, rise, rises, increasing, increase, climbing, going up,
    creeping up, growing, up to, coming up
FALLING: falling, fell, went down, dropped, sank, fall, falls, dropping, drop, drops, decreasing,
    decrease, going down, sinking, sagging, down to, coming down, declining, sag, sags, sagged,
    dip, dips, dipped
CHANGED: changed, change, touch, touched, changes, happened, happen, moved, different, events,
    done, written, wrote
BEFORE: before, prior to, ahead of, just before, right before, leading up to
RECENT: last, past, recent, recently, lately
TODAY: today, this shift, this morning, this afternoon, this evening
SPAN: timespan, the timespan, last timespan, in the last timespan, in the timespan
AGO: momentago
WAITING: nobody has decided, nobody has decided on, nobody decided, not decided, not yet decided,
    waiting, waits, wait, waiting for my ok, waiting for my signature, pending, outstanding, to
    approve, to sign, needs approval, need approval, needs signing, in the queue, queue, undecided,
    to decide, need my, needs my, not approved, not approved or rejected, not yet approved, have to
    sign, have to sign anything, sitting there
APPROVAL: approval, approvals
REQUEST: the start of, start of, stop of, the stop of, request, requests, proposal, proposals,
    change request
DECIDED: signed, decided
APPROVED: approved, accepted, authorised, authorized, signed off, said yes, say yes
REJECTED: knocked back, thrown out, rejected, refused, declined, turned down, said no, say no
SIMILAR: case like this, a case like, earlier cases like, cases like, seen this before, seen
    anything like, before like, similar, seen this, seen that, had this, had that, like this, like
    that, same thing, earlier cases, past cases, previous cases, history of, happened before, seen
    before, had before, last time, case like this one, had a case like this, had a case like this
    one, how did it turn out, what was it then, seen this kind of, similar cases
SETPOINT: set point, setpoint
LIMIT: limit, limits, alarm limit, alarm limits, reaches, reach, reaching, hits, hit, alarm low,
    alarm high, alarms low, alarms high, gets to, has to be cleaned, needs cleaning, fouling limit
TRIP: trip point, trip, trips, tripped, tripping
ALARM: alm, alms, alarm, alarms, alarming, annunciated, alms up, alarms up
ACTIVE: active, standing
CAME: came, come, comes, comes in, comes up, came in, come in, came up, come up, been in, activated,
    raised, went off
ORDER: wo, wos, work order, work orders, workorder, workorders, maintenance jobs, jobs, maintenance
    orders, orders
OPEN: open, not closed, not closed yet, haven t been closed, haven t been closed yet, not done, not
    done yet
CLOSED: closed, close, completed, finished
DUE: due, due when, when due
RUN: standby, stand by, running, runs, run, on duty, duty, turning, in service, operating
STOPPED: stopped, stopping, not running, isn t running, no longer running, not turning
MODE: mode, auto, in auto, manual, in manual, remote, in remote, local, in local
CONDITION: good, ready, doing, condition, health, healthy, ok, okay, alright, all right, shape,
    state, status, fouled, or not good, or not ok, available, normal
WRONG: wrong, problem, problems, fault, faults, trouble, issue, issues, going on, matter, bad,
    whats up with, what is up with, whats up w, wrong with, bad with, problem with, matter with,
    going on with, what up with
THINK: suspect, suspected, suspects, think, reckon, favour, favor, believe, cases, case, say
AGENT: agents, diagnosis, diagnose
TAKE: pull, take, taking, isolate, isolating
HAND: give, hand over, release, remove
OUT: out of service, out, fitters, to the fitters, workshop, offline, maintenance, for maintenance,
    repair, for repair, to maintenance, bearing change, bearing job, bearing work, inspection,
    overhaul, for a bearing change, for the bearing job, for bearing work
BACK: out of, from, back, restore, resume, restart
WHICH: which, what, whats, which one, where
HOW: how, hows, how much
NOW: heading, where is it heading, where it is heading, where is it going, trend, trending, now,
    right now, at the moment, currently, current value, present value, present, value,
    reading
SHOW: show, show me, list, give me, tell me, read, display, get, could you tell me, can you tell
    me, can you show me, any idea, i want to know, i would like to know, do you know
COMMAND: approve, reject, delete, write, set, force, bypass, acknowledge, ignore, disable, raise,
    lower, put, switch, execute, send, erase, override, sign, bring
ACT: start, starts, stop, stops, reset, shut, trip the, started
NEED: need, needed, needs, needed to, required, take to, would it take, do we need, necessary, do i
    have to do, what do i have to do first, do first, how do we go about it, missing, what is
    missing, what is still missing, anything in the way, is anything in the way, possible, is
    possible, is it possible, be possible
WISH: want, want to, would like, would like to, i d like to, d like to, like to
NOT: not, no, never, nothing, nobody, none, neither, isn t, aren t, wasn t, weren t, don t, doesn
    t, didn t, haven t, hasn t, won t, can t
EXCEPT: except, unless, without, only, but, other than, than, more, less, most, least, first,
    second, after, while, during, between
MODAL: can, could, would, will, shall
STILL: still
BE: is, are, was, were, be, been, being
"""

_FILLERS = """
a an the it its this that these those there here we i you me my our us they them their he she do
does did has have of to in on at for and or so any anything anyone anybody some somebody someone
something all just ever going got about too very through already your keeps also please pls plz + &
/ =
"""
FILLERS = frozenset(_FILLERS.split())
"""Words that carry no meaning of their own, so an answer may leave them out."""


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
