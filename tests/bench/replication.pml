/* Replication by a leader: the model of replication.hpp for spin. Generate with -m (what is sent to
   a full channel is lost), as `./sibyl bench --exhaustive` does. */
#ifndef FOLLOWERS
#define FOLLOWERS 3
#endif
#ifndef COMMANDS
#define COMMANDS 2
#endif
#define ROOM 2
#define BIT(set, n) ((set >> n) & 1)
#define MAJORITY(set) (BIT(set, 0) + BIT(set, 1) + BIT(set, 2) >= 2)

mtype = { append, commit, acknowledge };
chan mailbox[FOLLOWERS] = [ROOM] of { mtype, byte };
chan answers = [ROOM] of { mtype, byte, byte };
byte committed = 0;
byte applied[FOLLOWERS];

active proctype leader() {
  byte i;
  byte next = 1;
  byte from;
  byte index;
  byte acks[COMMANDS + 1];
end:
  do
  :: next <= COMMANDS && next <= committed + 2 ->
     i = 0;
     do
     :: i < FOLLOWERS ->
        if
        :: mailbox[i]!append(next)
        :: skip
        fi;
        i++
     :: else -> break
     od;
     next++
  :: answers?acknowledge(from, index) ->
     acks[index] = acks[index] | (1 << from);
     if
     :: index == committed + 1 && MAJORITY(acks[index]) ->
        committed = index;
        i = 0;
        do
        :: i < FOLLOWERS ->
           if
           :: mailbox[i]!commit(index)
           :: skip
           fi;
           i++
        :: else -> break
        od
     :: else
     fi
  od
}

active [FOLLOWERS] proctype follower() {
  byte me = _pid - 1;
  byte log = 0;
  byte x;
end:
  do
  :: mailbox[me]?append(x) ->
     if
     :: x == log + 1 -> log = x
     :: else
     fi;
     if
     :: answers!acknowledge(me, log)
     :: skip
     fi
  :: mailbox[me]?commit(x) ->
     if
     :: x <= log && x > applied[me] -> applied[me] = x
     :: else
     fi;
     assert(applied[me] <= committed)
  od
}
