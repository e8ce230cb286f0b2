"""A page of HTML as a browser reads it."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """Which tags are open, what files are asked for, and all text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wanted, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.wanted += [value for key, value in attrs if key in ("src", "href")]
        if tag not in ("meta", "img", "br", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + "|"
