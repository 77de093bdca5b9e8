"""What the demo model says. The pages show Markdown as real models write it."""

from __future__ import annotations

GREETING = """\
Hello! I am the **demo**: not an AI, just a small program with a few rules. I need no network and \
no key, so you can look around before you connect a real model.

Some things to try:

- **My name is …**, and a little later **What is my name?**
- **What did I say first?** or **How many messages did I write?**
- **Show me a table**, **code**, **lists**, a **quote**, **maths**, or **all of Markdown**
- **Give me a long answer**, and stop it halfway
- **What time is it?**, to see how a tool is used

Whatever you write, you can take it back.\
"""

FIRST_TIME = """\
---

*I am the demo: not an AI, just a small program with a few rules, and nothing you write to me \
leaves this computer. Say **help** to see what can be tried.*\
"""

TRY = """\
I am still the demo, and no AI. You can ask me for:

- **what you said**: your name, your first or last message, how many there were, what I remember
- **Markdown**: a *table*, *code*, *lists*, *tasks*, a *quote*, *maths*, *links*, *scripts*, or \
*all of Markdown*
- **a long answer**, to see how it streams, and to stop it and say *continue*
- **a tool**: {tools}\
"""

WHO = """\
I am a demo model: not an AI, and not very bright. A few rules choose my answers from what you \
wrote, always the same for the same conversation. I am here so that you can see how this works \
before you connect a real model.\
"""

ECHO = """\
You wrote:

{quote}

A real model would have something to say about that; I can only tell that it was your {number} \
message here. {hint}\
"""

HINTS = (
    "Try **show me a table**.",
    "Tell me your name, and ask for it later.",
    "Ask **what did I say first?**",
    "Try **all of Markdown**.",
    "Ask for **a long answer**, and stop it halfway.",
    "Say **help** to see what else can be tried.",
)

NAME_TOLD = """\
Nice to meet you, {name}. Ask me for your name later: I have no memory of my own, but I am given \
the whole conversation each time.\
"""
NAME_KNOWN = "Your name is {name}. You told me so in this conversation."
NO_NAME = "You have not told me your name in this conversation. Say **my name is …**."

FACT_TOLD = "Good to know. It is part of this conversation now: ask me **what do you remember?**"
FACTS = "This is what you told me in this conversation:\n\n{facts}"
NO_FACTS = (
    "You have not told me anything about yourself yet. Say **I like …** or **remember that …**."
)

FIRST_MESSAGE = "The first thing that you wrote in this conversation was:\n\n{quote}"
LAST_MESSAGE = "Before this, you wrote:\n\n{quote}"
NOTHING_BEFORE = "Nothing yet: this is your first message in this conversation."
COUNTED = (
    "You wrote {said} in this conversation, this one included, and I answered {answers} before."
)

NOTHING_LEFT = "There is nothing left to continue: I had said all I know."
NO_TOOLS = "I would use a tool for that, but I was given none."
TOOL_ANSWERED = "I asked a tool, and this is what it said:\n\n{output}"

# ---------------------------------------------------------------------------- pages

_TABLE = """\
A table, with its columns aligned to the left, to the middle and to the right:

| Moon     | Discovered by      | Diameter (km) |
|:---------|:------------------:|--------------:|
| Ganymede | Galileo Galilei    |         5,268 |
| Titan    | Christiaan Huygens |         5,150 |
| Callisto | Galileo Galilei    |         4,821 |
| Io       | Galileo Galilei    |         3,643 |
| **Moon** | *nobody*           |         3,475 |
"""

_CODE = """\
Code stands in a line, like `len(words)`, or in a block of its own:

```python
from collections import Counter


def common_words(text: str, count: int = 3) -> list[tuple[str, int]]:
    \"\"\"Find the words that come most often.\"\"\"
    words = (word.strip(".,;!?").lower() for word in text.split())
    return Counter(words).most_common(count)


print(common_words("the cat, the dog and the bird"))  # [('the', 3), ...]
```

```sql
SELECT title, count(*) AS turns
FROM threads JOIN turns ON turns.thread = threads.id
GROUP BY threads.id ORDER BY turns DESC;
```

```
A block without a language keeps     its spaces.
```
"""

_LISTS = """\
A list without an order:

- apples
- pears, of which there are
  - early ones
  - late ones
    - and very late ones
- plums

One with an order:

1. Wash the fruit.
2. Cut it.
   It does not have to be neat.
3. Eat it.
"""

_TASKS = """\
Tasks, done and to be done:

- [x] install the application
- [x] say hello to the demo
- [ ] connect a real model
- [ ] ask it something difficult
"""

_QUOTES = """\
> A quotation may have several lines,
> and **words** that stand out.
>
> > Another one may stand in it.
>
> - So may a list.
"""

_MATHS = """\
In a line, $e^{i\\pi} + 1 = 0$ is the famous one. In a block of its own:

$$
\\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}
$$

$$
\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}^{-1}
= \\frac{1}{ad - bc} \\begin{pmatrix} d & -b \\\\ -c & a \\end{pmatrix}
$$
"""

_EMPHASIS = """\
Words can be *slanted*, **bold**, ***both***, ~~struck out~~ or `as code`; a line may end early,\\
like this one.
"""

_LINKS = """\
A link with [words of its own](https://www.python.org "Python"), one that is just an address, \
<https://www.sqlite.org>, and one to write to: <mailto:somebody@example.org>.
"""

_HEADINGS = """\
# The first heading
## The second
### The third
#### The fourth

A line across:

---
"""

_SCRIPTS = """\
Text comes in many scripts:

- Grüße, Ærøskøbing, naïve façade, Łódź, İstanbul
- Ελληνικά, Русский, Հայերեն, ქართული
- 中文(简体)、中文(繁體)、日本語、한국어
- עברית, العربية (from right to left)
- हिन्दी, বাংলা, தமிழ், ไทย
- 👋 👩🏽‍💻 🏳️‍🌈 🇫🇮 and ½ ≈ 0.5, →, €
"""

_PARTS = (
    ("Emphasis", _EMPHASIS),
    ("Links", _LINKS),
    ("Lists", _LISTS),
    ("Tasks", _TASKS),
    ("Table", _TABLE),
    ("Code", _CODE),
    ("Quotation", _QUOTES),
    ("Maths", _MATHS),
    ("Scripts", _SCRIPTS),
    ("Headings", _HEADINGS),
)

_EVERYTHING = "Here is everything that I can write.\n\n" + "\n".join(
    f"## {title}\n\n{part}" for title, part in _PARTS
)

_PARAGRAPHS = (
    (
        "A chatelaine was a clasp worn at the belt, with chains on which a household hung: "
        "the keys of its rooms and chests, a pair of scissors, a thimble, a watch, a seal."
    ),
    (
        "Whoever wore it could open every door of the house and knew what lay behind it. To "
        "hand over the chatelaine was to hand over the house."
    ),
    (
        "The keys were seldom alike. Some opened a cellar and were as long as a hand; some "
        "opened a box of letters and could be lost in a glove."
    ),
    (
        "A key has a shaft, a bow to hold it by, and a bit, whose cuts must fit the wards of "
        "the lock. Wards keep out keys that are nearly right, which is most of what a lock "
        "does."
    ),
    (
        "Letters were locked, too, long before envelopes: a strip cut from the sheet was "
        "drawn through a slit and sealed, so that nobody could read it without leaving a "
        "trace."
    ),
    (
        "The notebook that hung beside the keys was of ivory leaves, written on in pencil and "
        "wiped clean at the end of the week. What mattered was copied before that."
    ),
)

_LONG = (
    "# A long answer\n\nYou can stop me at any time; what I said so far is kept, and **continue** "
    "makes me say the rest.\n\n"
    + "\n".join(
        f"## {chapter}. {title}\n\n" + "\n\n".join(_PARAGRAPHS[first:] + _PARAGRAPHS[:first]) + "\n"
        for chapter, (title, first) in enumerate(
            (("The belt", 0), ("The keys", 2), ("The locks", 3), ("The letters", 4)), 1
        )
    )
    + "\n*That was all.*\n"
)

PAGES = (
    (r"\b(all of )?markdown\b|\beverything\b", _EVERYTHING),
    (r"^long\b|\blong(er)? (answer|text|reply|story|one)\b|\b(story|essay)\b", _LONG),
    (r"\btables?\b", _TABLE),
    (r"\b(tasks?|to-?dos?|checklists?|check ?box(es)?)\b", _TASKS),
    (r"\b(code|python|sql)\b", _CODE),
    (r"\blists?\b", _LISTS),
    (r"\b(quotes?|quotations?|blockquotes?)\b", _QUOTES),
    (r"\b(maths?|formulas?|formulae|equations?|latex)\b", _MATHS),
    (r"\b(bold|italics?|emphasis)\b", _EMPHASIS),
    (r"\b(links?|urls?)\b", _LINKS),
    (r"\b(headings?|headlines?)\b", _HEADINGS),
    (r"\b(scripts?|unicode|emojis?|alphabets?)\b", _SCRIPTS),
)
"""What is shown for which words, the first that fits: pattern, page."""
