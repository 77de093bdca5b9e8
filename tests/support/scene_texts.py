"""The words of the scenes: one of each kind of block, at its usual and at its worst."""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import quote

HEADINGS: Final = """\
# A heading of the first level

Words under it, long enough to go over more than one line wherever they are shown: the distance to \
what stands above and below is what this is about.

## One of the second

Words.

### One of the third

#### One of the fourth

##### One of the fifth

###### One of the sixth

Words with **bold**, *italic*, ***both***, ~~struck out~~, `code`, [a link](https://example.org) \
and a note[^1]; `code` and `more code` next to each other, **`bold code`**, and a bare address: \
<https://example.org>.

---

The last words[^two].

[^1]: What the note says.
[^two]: Another, with a [link](https://example.org/two).
"""

LISTS: Final = """\
- One
- Two, which is long enough to go over more than one line, so that the second one must stand \
under the first word and not under the marker
  - Two and a half
    - Deeper
      - Deepest
  - With `code`
- [x] Done
- [ ] To be done, which is long enough to go over more than one line, so that the second one \
must stand under the first word

1. First

   A paragraph within.

   ```python
   print("within")
   ```
2. Second
   1. Numbered within
   2. Again

98) Ninety-eight
99) Ninety-nine
100) A hundred

Words after the list.
"""

QUOTES: Final = """\
> A quotation that is long enough to go over more than one line, so that the bar beside it is \
longer than a line.
>
> > One within, with `code`:
> >
> > ```json
> > {"a": [1, 2, 3]}
> > ```
>
> - A list within
> - Again

Words after it.
"""

TABLES: Final = """\
Narrow:

| Step | Before | After | Notes |
|:-----|-------:|------:|:-----:|
| Parse | 18.4 ms | 0.04 ms | only the tail |
| Layout | 48 ms | 0.6 ms | **one** paragraph |
| Paint | 6 ms | 3 ms | `dirty rect` |

Wide:

| Design | Opens 10,000 messages | Streams smoothly | Selection across messages | Accessible | \
Written in | Verdict |
|---|---:|:-:|:-:|---|---|---|
| One large `QTextDocument` | 16.8 s | yes | **yes** | built in | C++ | too slow to open, and slow \
to resize |
| A list with delegates | 0.2 s | no | no | names only | C++ and Python | no selection at all |
| Drawn | 0.03 s | **yes** | **yes** | [by hand](https://example.org) | Python | this one |

With formulas:

| Name | Formula |
|---|---|
| Euler | $e^{i\\pi} + 1 = 0$ |
| Sum | $\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}$ |
"""

_PYTHON: Final = '''\
class Heights:
    """The heights of all rows: a Fenwick tree."""

    def find(self, y: int) -> tuple[int, int]:
        # the row at a height, and what is left
        place, step = 0, 1 << self.n.bit_length()
        while step:
            if place + step <= self.n and self.t[place + step] <= y:
                place += step
                y -= self.t[place]
            step >>= 1
        return place, y
'''

CODE: Final = f"""\
```python
{_PYTHON}```

```json
{{"id": "msg_1", "usage": {{"input_tokens": 12, "output_tokens": 3401, "total_tokens": 3413}}, \
"status": "completed", "model": "a-model"}}
```

```diff
--- a/heights.py
+++ b/heights.py
@@ -1,3 +1,3 @@
 def total(self):
-    return sum(self.heights)
+    return self.tree.sum()
```

```
no language
```

Words after it.
"""

LONG_CODE: Final = "```python\n" + "".join(f"print({n})\n" for n in range(60)) + "```\n"

FORMULAS: Final = """\
In a line: $e^{i\\pi} + 1 = 0$, a fraction $\\frac{a+b}{c}$ that opens the line, and \
$\\alpha^2$ at its end $O(n^2)$.

$$H = \\sum_{i=1}^{n} h_i, \\qquad h_i = \\left\\lceil \\frac{c\\,\\ell_i}{w} \\right\\rceil$$

Words between.

$$\\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}$$

A wrong one: $\\frac{a$ and on a line of its own:

$$\\begin{nothing} \\frac{1}{$$

Words after it.
"""

SCRIPTS: Final = """\
中文:排版应当整齐,行距要均匀,标点也不能出格。这里有一个足够长的句子,用来检查换行的位置是否正确,以及字体是否齐全。

日本語:吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。

مرحبا بالعالم، هذه فقرة عربية طويلة بما يكفي لتمتد على أكثر من سطر واحد، وفيها `code` ورابط \
[هنا](https://example.org).

- عنصر أول
- عنصر ثان
  - عنصر داخلي

1. أولا
2. ثانيا

> اقتباس من نص عربي

שלום עולם, זו פסקה בעברית.

Emoji: 😀 👩‍👩‍👧 🇪🇺 ✓ → ½
"""

LONG_WORD: Final = "A very long word: " + "Donaudampfschifffahrtsgesellschaft" * 2
LONG_WORDS: Final = (
    "A long address: https://example.org/"
    + "a-long-way/" * 4
    + "?q=1 and words after it.\n\n`"
    + "long_code_" * 7
    + "`\n\n# "
    + "Longheading" * 5
)

WIDE_CODE: Final = """\
```python
def short():
    return "a line that is longer than the window is wide, " + "and so goes on in the next row"
```
"""

HALF_TABLE: Final = "Here it comes:\n\n| Name | Value |\n|---|---|\n| one | 1 |\n| tw"
HALF_FENCE: Final = "Here it comes:\n\n```python\ndef half(written):\n    return wri"

LONG_PASTE: Final = "\n".join(f"line {n}" for n in range(80))
CODE_LIKE: Final = "def f(x):\n    return x *  2\n\n    # <b>not bold</b> **nor this**\n\tend"
RIGHT_TO_LEFT: Final = "مرحبا، كيف حالك اليوم؟ أريد أن أسأل عن شيء."


def png_address(width: int, height: int) -> str:
    """Give a picture as an address that holds it: a slope of colours."""
    # The other texts are also of use where there is no Qt.
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QColor, QImage, QImageWriter

    image = QImage(width, height, QImage.Format.Format_RGB32)
    for x in range(width):
        for y in range(height):
            image.setPixelColor(x, y, QColor(60 + 120 * x // width, 90, 200 - 120 * y // height))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    data = base64.b64encode(buffer.data().data()).decode()
    return f"data:image/png;base64,{data}"


def svg_address() -> str:
    """Give a drawing as an address that holds it."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="240" height="120">'
        '<rect width="240" height="120" rx="12" fill="#3867d6"/>'
        '<circle cx="120" cy="60" r="40" fill="#f7b731"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawing)}"


def pictures() -> str:
    """Give a reply with pictures of all kinds."""
    return (
        f"A picture:\n\n![A slope]({png_address(260, 90)})\n\n"
        f"A drawing:\n\n![A drawing]({svg_address()})\n\n"
        "One that lies elsewhere:\n\n![A cat on a mat](https://pics.example.com/cat.png)\n\n"
        "Damaged:\n\n![Damaged](data:image/png;base64,AAAA)\n\n"
        "Missing:\n\n![Missing](attachment:gone.png)\n\nWords after it."
    )
