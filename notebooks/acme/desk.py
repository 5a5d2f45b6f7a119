"""What the desk can do: four tools, and what keeps a refund from running unasked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from acme import consent
from acme.arguments import call, printable
from acme.orders import Order, Orders
from acme.passages import Policies
from acme.schemas import schema
from acme.wording import day, dollars, rules, say, wrong

Result = dict[str, Any]

_OrderId = Annotated[
    str, BeforeValidator(lambda given: str(given) if type(given) is int else given)
]
_LONGEST = 1000  # characters of an order's number or a question that are looked at
_MOST = 1e9  # dollars


class Desk:
    """Acme's orders and policies in files of their own, which survive a restart.

    Args:
        path: the database of orders; made, with 200 of them, when there is no such file. The index
            of the policies is put beside it.
        policies: a folder of Markdown files; None takes Acme's own.
        today: the day on which it is.
    """

    def __init__(
        self, path: str | Path, *, policies: str | Path | None = None, today: date | None = None
    ) -> None:
        path = Path(path)
        self.orders = Orders(path, today or date.today())
        self.policies = Policies(path.with_name(f"{path.stem}-policies.db"), policies)

    def __repr__(self) -> str:
        return f"<Desk with {self.orders.path.name} and {self.policies.index.name}>"

    def tools(self, messages: Sequence[Mapping[str, Any]]) -> Tools:
        """The tools, for one turn: `messages` is the history as the platform sent it."""
        return Tools(self, messages)


class Tools:
    """The desk's tools in one turn of one caller.

    Args:
        desk: orders and policies.
        messages: the history, whose last words are the caller's. It is what tells whether the
            caller has agreed to a refund.

    Attributes:
        question: what the caller must be asked now, word for word; None if nothing.
    """

    def __init__(self, desk: Desk, messages: Sequence[Mapping[str, Any]]) -> None:
        self._desk = desk
        self._asked = consent.last_asked(messages)
        self.question: str | None = None
        functions = (self.find_order, self.request_refund, self.send_email_or_sms, self.find_policy)
        self._functions: dict[str, Callable[..., Result]] = {f.__name__: f for f in functions}
        self.schemas = [schema(function) for function in functions]

    def __contains__(self, name: object) -> bool:
        return name in self._functions

    @property
    def doubt(self) -> str | None:
        """What to say after a reply to our question that was no clear yes, and no refusal."""
        asked = self._asked
        if asked is None or asked.reply == "no" or asked.agreed:
            return None
        return asked.question if asked.times < rules()["asks"] else say("unpaid")

    def settle(self) -> Result | None:
        """Make the refund to which the caller has just said yes; None if there is none.

        No model is asked: it could only forget what was agreed, or read it otherwise.
        """
        asked = self._asked
        if asked is None or not asked.agreed:
            return None
        return self.request_refund(asked.order_id, asked.cents / 100, confirmed=True)

    def run(self, name: str, arguments: str) -> Result:
        """Run a tool as a model calls it; what is wrong with the call is said in the result."""
        if name not in self:
            return wrong("alone", name=printable(name)[:60])
        try:
            return call(self._functions[name], arguments)
        except ValueError as error:
            return wrong("arguments", why=printable(str(error))[:200])

    def find_order(self, order_id: _OrderId) -> Result:
        """Look up an order: what was bought, for how much, and where it is.

        Args:
            order_id: The order's number, such as 1042.
        """
        found = self._order(order_id)
        if not isinstance(found, Order):
            return found
        told = say(
            "order",
            id=found.id,
            quantity=found.quantity,
            product=found.product,
            amount=dollars(found.cents),
            status=say(found.status, date=day(found.status_since)),
        )
        return {"message": told, "note": found.note}

    def request_refund(
        self, order_id: _OrderId, amount: float | None = None, confirmed: bool = False
    ) -> Result:
        """Refund an order. The caller is asked, and the refund is made when the caller says yes.

        Args:
            order_id: The order's number, such as 1042.
            amount: Dollars to pay back; leave it out for the whole order.
            confirmed: True once the caller has said yes to the question.
        """
        order = self._order(order_id)
        if not isinstance(order, Order):
            return order
        if amount is not None and not 0 < amount < _MOST:
            return wrong("amount", amount=dollars(order.cents))
        cents = order.cents if amount is None else round(amount * 100)
        question = consent.question(order.id, cents)
        asked = self._asked if self._asked and self._asked.question == question else None
        agreed = confirmed is True and asked is not None and asked.agreed
        made = self._desk.orders.refund(order.id)
        if made is not None and not (agreed and made.cents == cents):
            return wrong("already", id=order.id, amount=dollars(made.cents), date=day(made.made_on))
        if made is None and (refused := self._refused(order, cents)):
            return refused
        if not agreed:
            if self.question not in (None, question):
                return wrong("one_question")
            if asked and (asked.reply == "no" or asked.times >= rules()["asks"]):
                return {**wrong("unclear"), "refunded": False}  # once more would be pressing
            self.question = question
            return {"message": question, "refunded": False}
        # Whatever another request did since: the key of the table allows one refund an order.
        done = self._desk.orders.pay_back(order.id, cents)
        told = say("refunded", amount=dollars(done.cents), id=order.id)
        return {"message": told, "refunded": True}

    def send_email_or_sms(
        self, order_id: _OrderId, channel: Literal["email", "sms"], summary: str
    ) -> Result:
        """Send a summary to the address of the customer's order, when it is too long to say.

        Args:
            order_id: The order's number, such as 1042.
            channel: How to send it.
            summary: What to send.
        """
        order = self._order(order_id)
        if not isinstance(order, Order):
            return order
        if channel not in ("email", "sms"):
            return wrong("arguments", why="channel is 'email' or 'sms'")
        body = summary.strip()[: rules()["longest_summary"]]
        if not body:
            return wrong("empty")
        self._desk.orders.send(order, channel, body)
        return {"message": say("sent", channel=channel, id=order.id)}

    def find_policy(self, question: str) -> Result:
        """Look up what the policies say about shipping, returns, refunds, warranty or privacy.

        Args:
            question: What the caller wants to know.
        """
        found = self._desk.policies.find(question[:_LONGEST])
        if not found:
            return {"message": say("nothing")}
        sources = [{"source": one.source, "text": one.text} for one in found]
        return {"message": found[0].text, "passages": sources}

    def _order(self, order_id: object) -> Order | Result:
        digits = re.sub(r"\D", "", str(order_id)[:_LONGEST])
        if len(digits) != 4 or not digits.isascii():
            return wrong("no_number")
        return self._desk.orders.find(digits) or wrong("no_order", id=digits)

    def _refused(self, order: Order, cents: int) -> Result | None:
        """Why this order cannot be refunded this much, whoever agrees."""
        if order.status != "delivered":
            return wrong("status", id=order.id, status=order.status)
        days = rules()["refund_days"]
        if date.fromisoformat(order.status_since) + timedelta(days=days) < self._desk.orders.today:
            return wrong("too_late", id=order.id, date=day(order.status_since), days=days)
        if not 0 < cents <= order.cents:
            return wrong("amount", amount=dollars(order.cents))
        return None
