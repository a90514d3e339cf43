"""Each word of the sending catalogue does what it says, seen by a client that knows nothing of ours."""

import asyncio
import smtplib
import time

import pytest

from mailprobe.demo.faults import listening
from mailprobe.demo.ill_smtp import SENDING, IllExchanger, SmtpPlan, SmtpStep, Taken, slow
from tests.e2e.delivering import MAIL, SENDER, SOON, TARO, send

DATA = MAIL % TARO.encode()
RECIPIENTS = (TARO,)

# what the client comes to know, and whether the server has made itself responsible
ENDS = {
    "healthy": ("250 2.0.0", True),
    "refused_at_mail": ("550 5.7.1", False),
    "refused_at_rcpt": ("550 5.1.1", False),
    "refused_at_data": ("550 5.7.1", False),
    "refused_at_end": ("550 5.7.1", False),
    "full_at_end": ("552 5.2.2", False),
    "later_at_mail": ("451 4.3.0", False),
    "later_at_rcpt": ("450 4.2.0", False),
    "later_at_data": ("451 4.3.0", False),
    "later_at_end": ("451 4.3.0", False),
    "greylisted_once": ("450 4.2.0", False),
    "no_recipients_at_data": ("503 5.5.1", False),
    "421_at_data": ("421 4.3.2", False),
    "421_at_end": ("421 4.3.2", False),
    "cut_before_354": ("cut", False),
    "close_before_354": ("cut", False),
    "no_354": ("silent", False),
    "cut_in_data": ("cut", False),
    "cut_after_dot": ("cut", True),
    "close_after_dot": ("cut", True),
    "lost_after_dot": ("cut", False),
    "half_a_250": ("250 2.0", True),  # this client takes half a line for a whole one; ours must not
    "no_answer_at_end": ("silent", True),
    "slow_end": ("silent", True),
    "cut_at_quit": ("250 2.0.0", True),
}


def outcome(port: int, timeout: float = 0.3) -> str:
    """The last reply, or `cut` or `silent`."""
    client = smtplib.SMTP("127.0.0.1", port, "here.example", timeout=timeout)
    try:
        client.ehlo()
        for code, text in (client.mail(SENDER), client.rcpt(TARO)):
            if code >= 400:
                return f"{code} {text.decode()}"
        try:
            code, text = client.data(DATA)
        except smtplib.SMTPDataError as error:
            return f"{error.smtp_code} {error.smtp_error!r}".replace("b'", "")
        return f"{code} {text.decode()}"
    except TimeoutError:
        return "silent"
    except smtplib.SMTPServerDisconnected as error:
        return "silent" if "timed out" in str(error) else "cut"
    except ConnectionError:
        return "cut"
    finally:
        client.close()


def test_every_word_is_tried() -> None:
    assert set(ENDS) == set(SENDING)


@pytest.mark.parametrize("word", ENDS)
async def test_each_word_does_what_it_says(word: str) -> None:
    server = IllExchanger.of(word)
    async with listening(server.serve) as place:
        end, taken = ENDS[word]
        assert (await asyncio.to_thread(outcome, place.port)).startswith(end)
        assert server.taken == ([Taken(SENDER, RECIPIENTS, DATA)] if taken else [])


async def test_who_was_put_off_once_is_welcome_then() -> None:
    passed: list[Taken] = []
    server = IllExchanger.of("greylisted_once", passed.append)
    async with listening(server.serve) as place:
        assert (await asyncio.to_thread(outcome, place.port)).startswith("450")
        assert (await asyncio.to_thread(send, place.port, DATA)).startswith("250")
    assert passed == server.taken == [Taken(SENDER, RECIPIENTS, DATA)]


async def test_a_slow_answer_is_an_answer() -> None:
    server = IllExchanger(slow(SmtpStep.END_OF_DATA, 0.1))
    async with listening(server.serve) as place:
        began = time.monotonic()
        assert (await asyncio.to_thread(send, place.port, DATA)).startswith("250")
        assert time.monotonic() - began >= 0.1


async def test_half_a_reply_has_no_end() -> None:
    async with listening(IllExchanger.of("half_a_250").serve) as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nx\r\n.\r\n")
        assert (await asyncio.wait_for(reader.read(), SOON)).endswith(b"354 Go on\r\n250 2.0")
        writer.close()


async def test_pipelined_and_refused_at_rcpt() -> None:
    """RFC 2920 section 3.1: DATA without a recipient is refused, and what follows is no content."""
    async with listening(IllExchanger.of("refused_at_rcpt").serve) as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nRSET\r\nQUIT\r\nNOOP\r\n")
        said = await asyncio.wait_for(reader.read(), SOON)
        writer.close()
    codes = [line[:3] for line in said.splitlines() if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"550", b"503", b"250", b"221"]


async def test_two_mails_in_one_session() -> None:
    server = IllExchanger(SmtpPlan())
    async with listening(server.serve) as place:

        def session() -> None:
            with smtplib.SMTP("127.0.0.1", place.port, "here.example", timeout=SOON) as client:
                client.sendmail(SENDER, [TARO, "second@b.example"], DATA)
                client.sendmail(SENDER, TARO, DATA)

        await asyncio.to_thread(session)
    assert [mail.recipients for mail in server.taken] == [(TARO, "second@b.example"), RECIPIENTS]
