"""Dresses the application, and keeps it dressed as the system changes between light and dark."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal, Slot

from chatelaine.gui.theme import fonts
from chatelaine.gui.theme import palette as palettes
from chatelaine.gui.theme.stylesheet import stylesheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from chatelaine.gui.theme.desktop_motion import DesktopMotion
    from chatelaine.gui.theme.motion import Motion
    from chatelaine.gui.theme.palette import Palette


STYLE: Final = "Fusion"
STYLE_ARGUMENTS: Final = ("-style", STYLE)
"""What Qt reads the style from as it starts: so it makes no other one first, nor tells Python."""
# Strings, whatever the types of PySide say.
_WITH_FONTS_OF_THE_SYSTEM: Final[tuple[Any, ...]] = ("QMenu", "QAbstractItemView", "QTipLabel")


class Scheme(StrEnum):
    """Whether the window is light or dark."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Contrast(StrEnum):
    """How much words and edges stand out."""

    SYSTEM = "system"
    USUAL = "usual"
    HIGH = "high"


def apply(
    app: QApplication, palette: Palette, scale: float = 1.0, *, fonts_later: bool = False
) -> None:
    """Dress the application once: style, colours, fonts.

    Args:
        app: The application.
        palette: The colours.
        scale: The user's text size; 1.0 is the usual.
        fonts_later: Only the font of the first words is made known.
    """
    (fonts.register_first if fonts_later else fonts.register)()
    font = fonts.text_font(fonts.INTERFACE_PX * scale)
    app.setFont(font)
    app.setPalette(palettes.qt_palette(palette))
    app.setStyleSheet(stylesheet(palette, scale))
    # Where the system has fonts of its own for menus and lists, as Windows has, the sheet has Qt
    # go back to them; a font that is set once more takes their place.
    if any(app.font(kind) != app.font() for kind in _WITH_FONTS_OF_THE_SYSTEM):
        app.setFont(font)


class Appearance(QObject):
    """The look of the application while it runs.

    Widgets need not know it: each change reaches them as Qt's own events (`PaletteChange`,
    `FontChange`), and `theme.palette.current()` gives the colours.

    Signals:
        changed: The colours or the text size are others than before.
    """

    changed = Signal()

    def __init__(
        self,
        app: QApplication,
        scheme: Scheme = Scheme.SYSTEM,
        scale: float = 1.0,
        *,
        contrast: Contrast = Contrast.SYSTEM,
        is_styled: bool = False,
        fonts_later: bool = False,
    ) -> None:
        """Dress the application.

        Args:
            app: The application.
            scheme: Whether it is light or dark.
            scale: The user's text size; 1.0 is the usual.
            contrast: How much words and edges stand out.
            is_styled: It was started with `STYLE_ARGUMENTS`.
            fonts_later: Only the font of the first words is made known; `show_fonts` does the rest.
        """
        super().__init__(app)
        self._app = app
        self._scheme = scheme
        self._contrast = contrast
        self._scale = scale
        self._applied: tuple[Palette, float] | None = None
        if not is_styled:
            app.setStyle(STYLE)
        self._fonts_later = fonts_later
        app.styleHints().colorSchemeChanged.connect(self._follow)
        # Kept: what they give of the wishes for contrast goes when nobody holds them in Python.
        self._hints = app.styleHints()
        self._hints.accessibility().contrastPreferenceChanged.connect(self._follow)
        self._desktop: DesktopMotion | None = None
        self._dress()

    @property
    def palette(self) -> Palette:
        """The colours that are shown."""
        if self._scheme is Scheme.SYSTEM:
            dark = self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        else:
            dark = self._scheme is Scheme.DARK
        if self._is_high_contrast:
            return palettes.dark_contrast() if dark else palettes.light_contrast()
        return palettes.dark() if dark else palettes.light()

    @property
    def _is_high_contrast(self) -> bool:
        if self._contrast is Contrast.SYSTEM:
            return (
                self._hints.accessibility().contrastPreference()
                is Qt.ContrastPreference.HighContrast
            )
        return self._contrast is Contrast.HIGH

    @property
    def scheme(self) -> Scheme:
        """What the user has chosen."""
        return self._scheme

    @property
    def scale(self) -> float:
        """The user's text size; 1.0 is the usual."""
        return self._scale

    def set_scheme(self, scheme: Scheme) -> None:
        """Follow the system, or be light or dark whatever it says."""
        self._scheme = scheme
        self._dress()

    def set_contrast(self, contrast: Contrast) -> None:
        """Let words and edges stand out more, or as usual, or as the system wants it."""
        self._contrast = contrast
        self._dress()

    def set_motion(self, wanted: Motion) -> None:
        """Let things move, or stand still, or as the system wants it."""
        from chatelaine.gui.theme import motion  # nothing moves at the first moment

        motion.choose(self._app, wanted)

    def show_fonts(self) -> None:
        """Make known what no word of the first moment needs: bold, italic, and for code."""
        self._fonts_later = False
        fonts.register()

    def show_icon(self) -> None:
        """Give the windows their icon; it takes its time to be drawn in all its sizes."""
        from chatelaine.gui.theme.icons import app_icon

        self._app.setWindowIcon(app_icon())

    async def listen(self) -> None:
        """Begin to hear from the desktop what Qt does not tell."""
        from chatelaine.gui.theme.desktop_motion import DesktopMotion

        self._desktop = DesktopMotion(self)
        self._desktop.told.connect(self._on_motion)
        await self._desktop.listen()

    def set_scale(self, scale: float) -> None:
        """Change the text size; it stays between 0.7 and 2.5."""
        self._scale = min(max(scale, 0.7), 2.5)
        self._dress()

    @Slot(bool)
    def _on_motion(self, still: bool) -> None:
        from chatelaine.gui.theme import motion

        motion.follow(self._app, still=still)

    @Slot()
    def _follow(self) -> None:
        self._dress()

    def _dress(self) -> None:
        self._tell_the_system()
        wanted = (self.palette, self._scale)
        if wanted == self._applied:
            return
        self._applied = wanted
        apply(self._app, *wanted, fonts_later=self._fonts_later)
        self.changed.emit()

    def _tell_the_system(self) -> None:
        # So that the frame around the window, which Qt does not paint, agrees with it.
        hints = self._app.styleHints()
        if self._scheme is Scheme.SYSTEM:
            hints.unsetColorScheme()
        else:
            hints.setColorScheme(
                Qt.ColorScheme.Dark if self._scheme is Scheme.DARK else Qt.ColorScheme.Light
            )
