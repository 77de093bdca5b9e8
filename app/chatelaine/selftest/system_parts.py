"""Whether what speaks to the system is there: its keyrings, and who it trusts."""

from __future__ import annotations

from importlib.metadata import entry_points

from chatelaine.selftest.report import CheckFailed


def check_keyrings() -> str:
    """See that what speaks to the keyrings of this system can be loaded; none is asked anything.

    Raises:
        CheckFailed: One cannot be.
    """
    from chatelaine.vault.keyring import known_keyrings

    known = list(known_keyrings())
    broken = [f"{title}: {problem}" for title, problem in known if problem]
    if broken:
        raise CheckFailed("\n".join(broken))
    if not known:
        raise CheckFailed("There is no keyring that could be used on this system.")
    # Those are not what is used, but show that what describes the packages was brought along.
    others = len(entry_points(group="keyring.backends"))
    titles = ", ".join(dict.fromkeys(title for title, _ in known))
    return f"{titles} can be spoken to; {others} entry points are seen"


def check_certificates() -> str:
    """See that a connection to a server of models would trust somebody, and not everybody.

    Raises:
        CheckFailed: It would not.
    """
    import ssl

    import httpx2

    context = httpx2.create_ssl_context()
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise CheckFailed("Certificates would not be looked at.")
    try:
        count = len(context.get_ca_certs())
    except (NotImplementedError, AttributeError):
        count = 0  # it leaves it to the system
    if not count:
        count = len(ssl.create_default_context().get_ca_certs())
    if not count:
        raise CheckFailed("No certificate authority is trusted: no server could be spoken to.")
    return f"{count} certificate authorities are trusted; {ssl.OPENSSL_VERSION}"


def check_highlighting() -> str:
    """See that code gets colours: what knows a language is looked for by its name.

    Raises:
        CheckFailed: A language is not known.
    """
    from chatelaine.markup.highlight import highlight

    unknown = [name for name, code in _CODE.items() if not highlight(code, name)]
    if unknown:
        raise CheckFailed(f"There are no colours for {', '.join(unknown)}.")
    return f"{', '.join(_CODE)}"


_CODE = {
    "python": "def f():\n    return 1\n",
    "javascript": "const a = 1;\n",
    "typescript": "let a: string = 'b';\n",
    "json": '{"a": 1}\n',
    "bash": "if true; then echo 'a'; fi\n",
    "sql": "SELECT 1 FROM a;\n",
    "html": "<p class='a'>b</p>\n",
    "css": "a { color: red; }\n",
    "c": "int main(void) { return 0; }\n",
    "cpp": "class A { int b = 1; };\n",
    "rust": "fn main() { let a = 1; }\n",
    "go": "package main\nfunc main() {}\n",
    "java": "class A { int b = 1; }\n",
    "yaml": "a: 1\n",
    "toml": "a = 1\n",
    "diff": "-a\n+b\n",
}
