from html.parser import HTMLParser

from voicekit.timeline.tables import Table

# What JupyterLab 4.6 keeps in a notebook that is not trusted. aria-hidden goes, and may.
KEPT = {
    "table": {"style"},
    "caption": {"style", "align"},
    "thead": set(),
    "tbody": set(),
    "tr": set(),
    "th": {"align", "style", "scope"},
    "td": {"align", "style", "nowrap"},
    "samp": {"style"},
}
STYLES = {"text-align", "caption-side", "padding"}

TABLE = Table(
    ["stage", "takes", "bar"],
    [["a <b>", "5 ms", "██"], ["cdefghi", "1000 ms", "  █▌"]],
    "<>#",
    "What it says & means",
)


class Reader(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.cells = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("th", "td", "caption"):
            self.cells.append("")

    def handle_data(self, data):
        self.cells[-1] += data


def test_the_text_twin_is_aligned_and_ends_with_the_caption():
    assert str(TABLE) == (
        "stage      takes  bar\n"
        "a <b>       5 ms  ██\n"
        "cdefghi  1000 ms    █▌\n"
        "What it says & means"
    )  # fmt: skip
    assert repr(TABLE) == str(TABLE)


def test_the_html_has_only_what_an_untrusted_notebook_keeps():
    for tag, attributes in Reader(TABLE._repr_html_()).tags:
        assert set(attributes) - {"aria-hidden"} <= KEPT[tag]
        for style in attributes.get("style", "").split("; "):
            assert style.partition(":")[0] in STYLES | {""}


def test_the_html_says_the_same_as_the_text():
    cells = Reader(TABLE._repr_html_()).cells
    caption, *rest = [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in cells]
    assert caption == TABLE.caption
    assert rest == [*TABLE.head, *TABLE.rows[0], *TABLE.rows[1]]


def test_heads_have_their_scope_and_bars_are_hidden_from_a_screen_reader():
    tags = Reader(TABLE._repr_html_()).tags
    assert [a["scope"] for tag, a in tags if tag == "th"] == ["col"] * 3 + ["row"] * 2
    assert [a.get("aria-hidden") for tag, a in tags if tag == "samp"] == ["true", "true"]


def test_no_line_breaks_between_a_figure_and_its_unit():
    cells = Reader(TABLE._repr_html_()).cells
    assert "1000\N{NO-BREAK SPACE}ms" in cells
    assert "What it says & means" in cells  # a sentence may be broken
