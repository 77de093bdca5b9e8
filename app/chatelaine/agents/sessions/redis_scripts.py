"""What is done on the Redis server, each in one step that nothing can interrupt.

A conversation has these keys, which are passed in this order:

    info       a hash: created, updated, title, metadata; `generation`, the clear that was last;
               `last`, the write that was last; `until`, when everything expires
    items      a list: a row for each item, its JSON text after one character of white space
               that says what it is (see `row_of`)
    origins    a list: who spoke, as "from to origin" for each range of items with one origin
    writes     a list: the latest writes, kept for a minute. A write that is sent again because
               its answer was lost is recognised by it, and not done twice
    popped     what the latest removal gave, kept for the same minute and purpose
    index      a sorted set: the ids of all conversations by the time of their last write. Not
               passed where the server is part of a cluster: the index lies elsewhere there

Redis does not take back what a script wrote before it failed. Each therefore reads all its keys
before it writes: a key that holds something else makes it fail there.
(https://redis.io/docs/latest/develop/programmability/eval-intro/)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatelaine.agents.items import is_user_message
from chatelaine.agents.sessions.turns import is_note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class Script:
    """A script in Lua, and the name by which the server keeps it.

    Attributes:
        text: What it does.
        writes: Whether it changes anything.
        name: Its digest.
    """

    text: str
    writes: bool = True
    name: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False)
        object.__setattr__(self, "name", digest.hexdigest())


USER, NOTE, OTHER = b"\t", b"\r", b" "
"""What a row begins with: nothing that JSON minds. A row without it was written by somebody else,
and the server cannot tell what it is."""


BETWEEN = b"\x1e"
"""What stands between joined rows: JSON has no such character."""


def row_of(item: Mapping[str, Any], text: str) -> bytes:
    """Give the row of an item with this JSON text."""
    kind = USER if is_user_message(item) else NOTE if is_note(item) else OTHER
    return kind + text.encode()


_BEGINNING = """
local info, items, origins, writes, popped, index = unpack(KEYS)
local op, id, ttl, refresh = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local function whole(number) return string.format('%.0f', number) end

local known = redis.call('HMGET', info,
  'created', 'updated', 'generation', 'last', 'until', 'title', 'metadata')
local created, updated, generation = known[1], tonumber(known[2] or 0), known[3] or ''
local last, ends = known[4] or '', known[5] and tonumber(known[5])
local count = redis.call('LLEN', items)
local ranges = redis.call('LLEN', origins)

local function microseconds()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function expire(now)
  if ttl and (refresh ~= 'never' or not ends) then
    ends = math.floor(now / 1000) + ttl
    redis.call('HSET', info, 'until', whole(ends))
  end
  if ends then
    for _, key in ipairs({info, items, origins}) do
      redis.call('PEXPIREAT', key, whole(ends))
    end
  end
end
"""

_CHANGING = (
    _BEGINNING
    + """
local done = redis.call('LPOS', writes, op)
-- A clock that was set back must not put what is new behind what is old.
local latest = index and tonumber(redis.call('ZREVRANGE', index, 0, 0, 'WITHSCORES')[2]) or 0

local function remember()
  redis.call('LPUSH', writes, op)
  redis.call('LTRIM', writes, 0, 255)
  redis.call('PEXPIRE', writes, 60000)
end

local function written()
  local now = microseconds()
  updated = math.max(now, updated + 1, latest + 1)
  redis.call('HSET', info, 'updated', whole(updated), 'last', op)
  if not created then
    redis.call('HSET', info, 'created', whole(updated))
    redis.call('PERSIST', info)
  end
  expire(now)
  remember()
  if index then redis.call('ZADD', index, whole(updated), id) end
  return whole(updated)
end

local function forgotten()
  redis.call('DEL', info, items, origins, popped)
  redis.call('HSET', info, 'generation', op)
  redis.call('PEXPIRE', info, 86400000)
  remember()
end

local function push(key, rows, from, to)
  for start = from, to, 1000 do
    redis.call('RPUSH', key, unpack(rows, start, math.min(start + 999, to)))
  end
end

local function range(position)
  local from, to, origin = string.match(
    redis.call('LINDEX', origins, position) or '', '^(%d+) (%d+) (.*)$')
  return tonumber(from), tonumber(to), origin
end

local function attribute(from, to, origin)
  local first, before, same = range(-1)
  if before == from and same == origin then
    redis.call('LSET', origins, -1, first .. ' ' .. to .. ' ' .. origin)
  else
    redis.call('RPUSH', origins, from .. ' ' .. to .. ' ' .. origin)
  end
end

-- Removes the items from a position on; gives who spoke in them.
local function cut(start)
  local spoken = {}
  local from, to, origin = range(-1)
  while from and to > start do
    for position = math.max(from, start), to - 1 do spoken[position] = origin end
    redis.call('RPOP', origins)
    if from < start then
      redis.call('RPUSH', origins, from .. ' ' .. start .. ' ' .. origin)
    end
    from, to, origin = range(-1)
  end
  if start == 0 then
    redis.call('DEL', items)
  else
    redis.call('LTRIM', items, 0, start - 1)
  end
  return spoken
end
"""
)

READ = Script(
    _BEGINNING
    + """
local limit, how = tonumber(ARGV[5]), ARGV[6]
local first = math.max(count - limit, 0)
local rows = {}
if first < count then rows = redis.call('LRANGE', items, first, -1) end
if created and refresh == 'access' then expire(microseconds()) end
local spoken = redis.call('LRANGE', origins, 0, -1)
if how == 'joined' then rows = table.concat(rows, '\\30') end
return {generation, last, known[5] or '', first, count, rows, table.concat(spoken, '\\n')}
""",
    writes=False,
)
"""Limit, "joined" to get the rows in one text or "apart" -> generation, last, until, first, count,
rows, origins."""

DESCRIBE = Script(
    _BEGINNING
    + """
if not created then return false end
local speaker = redis.call('LINDEX', origins, -1) or ''
return {created, known[2], known[6] or '', known[7] or '', count, speaker}
""",
    writes=False,
)
"""-> created, updated, title, metadata, count, the last of the origins; or nothing."""

ADD = Script(
    _CHANGING
    + """
if done then return {1, whole(updated)} end
if ARGV[5] == 'run' and ARGV[6] ~= generation then return {0} end
push(items, ARGV, 8, #ARGV)
if ARGV[7] ~= '' then attribute(count, count + #ARGV - 7, ARGV[7]) end
return {1, written()}
"""
)
""""run" to compare the generation, the generation, origin or "", rows ... -> 1, updated; or 0."""

POP = Script(
    _CHANGING
    + """
local turns, removed = tonumber(ARGV[5]), {}
if done then
  local answer = redis.call('GET', popped) or ''
  if string.sub(answer, 1, #op) ~= op then return {'lost'} end
  for row in string.gmatch(string.sub(answer, #op + 1), '[^\\30]+') do
    removed[#removed + 1] = row
  end
  return {'done', whole(updated), removed}
end

local start, candidate
local position = count - 1
while position >= 0 and not start do
  local from = math.max(position - 63, 0)
  local rows = redis.call('LRANGE', items, from, position)
  for number = #rows, 1, -1 do
    local kind = string.sub(rows[number], 1, 1)
    if kind ~= '\\t' and kind ~= '\\r' and kind ~= ' ' then return {'unknown'} end
    if not turns then
      start = from + number - 1
    elseif kind == '\\t' then
      turns = turns - 1
      candidate = from + number - 1
      if turns == 0 then start = candidate end
    end
    if start then break end
  end
  position = from - 1
end
start = start or candidate
if not start then return {'none'} end

local kept, where = {}, {}
local tail = redis.call('LRANGE', items, start, -1)
for number, row in ipairs(tail) do
  if turns and string.sub(row, 1, 1) == '\\r' then
    kept[#kept + 1] = row
    where[#kept] = start + number - 1
  else
    removed[#removed + 1] = row
  end
end
local spoken = cut(start)
push(items, kept, 1, #kept)
for number, position in ipairs(where) do
  if spoken[position] then
    attribute(start + number - 1, start + number, spoken[position])
  end
end
redis.call('SET', popped, op .. table.concat(removed, '\\30'), 'PX', 60000)
local answer = {'done', written(), removed}
if ends and ends < microseconds() / 1000 + 60000 then
  redis.call('PEXPIREAT', popped, whole(ends))
end
return answer
"""
)
"""How many turns, or "" for an item -> "done", updated, rows; or "none"; "unknown" where rows are
in the way that the server does not know; "lost" where it was done, and the rows are gone."""

CLEAR = Script(
    _CHANGING
    + """
if done then return {1, whole(updated)} end
if not created then
  forgotten()
  return {0}
end
redis.call('DEL', items, origins, popped)
redis.call('HSET', info, 'generation', op)
return {1, written()}
"""
)
"""-> 1, updated; or 0 where nothing was stored; a run that began before adds nothing even so."""

NAME = Script(
    _CHANGING
    + """
if not done then
  redis.call('HSET', info, ARGV[5], ARGV[6])
  return {1, written()}
end
return {1, whole(updated)}
"""
)
"""Field, value -> 1, updated."""

REPLACE = Script(
    _CHANGING
    + """
if done then return {1, whole(updated)} end
if ARGV[5] ~= last then return {0} end
local spoken = tonumber(ARGV[6])
redis.call('DEL', items, origins, popped)
push(origins, ARGV, 7, 6 + spoken)
push(items, ARGV, 7 + spoken, #ARGV)
return {1, written()}
"""
)
"""The write that must be the last one, number of origins, origins ..., rows ... -> 1, updated; or 0
where something was written since."""

CREATE = Script(
    _CHANGING
    + """
if done then return {1, whole(updated)} end
if created then return {0} end
redis.call('HSET', info, 'title', ARGV[5], 'metadata', ARGV[6])
if ARGV[8] ~= '' then
  ends = tonumber(ARGV[8])
  redis.call('HSET', info, 'until', ARGV[8])
end
local spoken = tonumber(ARGV[9])
redis.call('DEL', items, origins, popped)
push(origins, ARGV, 10, 9 + spoken)
push(items, ARGV, 10 + spoken, #ARGV)
local time = written()
if ARGV[7] ~= '' then redis.call('HSET', info, 'created', ARGV[7]) end
return {1, time}
"""
)
"""Title, metadata, created or "", until or "", number of origins, origins ..., rows ... -> 1,
updated; or 0 where there is such a conversation already."""

DELETE = Script(
    _CHANGING
    + """
if done then return {1} end
if not created then return {0} end
if ARGV[5] ~= '' and ARGV[5] ~= last then return {-1} end
forgotten()
if index then redis.call('ZREM', index, id) end
return {1}
"""
)
"""The write that must be the last one, or "" -> 1; 0 where there is none; -1 where something was
written since. What is left for a day is the generation, so that a run that began before adds
nothing."""

FORGET = Script(
    """
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
"""
)
"""Takes an id off the index unless its time is another one: it was written to meanwhile."""
