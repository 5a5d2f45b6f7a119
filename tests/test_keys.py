import copy
import getpass
import io
import json
import pickle
import sys
import types
from pathlib import Path

import pytest

from voicekit.errors import KeyMissingError
from voicekit.world.keys import Secret, find_key

CANARY = "sk-canary-0123456789abcdef"
NAME = "ELEVENLABS_API_KEY"


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch, tmp_path):
    """A machine without any key: no variable, no file, no keyring, a home of its own."""
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setitem(sys.modules, "keyring", None)
    work = tmp_path / "project"
    work.mkdir()
    monkeypatch.chdir(work)


def fake_keyring(monkeypatch, answer):
    module = types.ModuleType("keyring")
    module.get_password = answer
    monkeypatch.setitem(sys.modules, "keyring", module)


def fake_colab(monkeypatch, answer):
    userdata = types.ModuleType("google.colab.userdata")
    userdata.get = answer
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setitem(sys.modules, "google.colab.userdata", userdata)


def fake_kernel(monkeypatch, answer):
    module = types.ModuleType("IPython")
    module.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setattr(getpass, "getpass", answer)


def refuse(*_):
    raise AssertionError("asked, although nobody said so")


def fail(*_):
    raise RuntimeError("locked")


def test_no_key_anywhere_is_none(monkeypatch):
    monkeypatch.setattr(getpass, "getpass", refuse)
    assert find_key(NAME) is None


def test_each_place_yields_to_the_one_before_it(monkeypatch):
    found = []
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    fake_kernel(monkeypatch, lambda _: "from-prompt")
    found.append(find_key(NAME, prompt=True))
    fake_keyring(monkeypatch, lambda service, name: f"from-{service}-{name}")
    found.append(find_key(NAME, prompt=True))
    fake_colab(monkeypatch, lambda name: f"from-colab-{name}")
    found.append(find_key(NAME, prompt=True))
    Path(".env").write_text(f"{NAME}=from-file")
    found.append(find_key(NAME, prompt=True))
    monkeypatch.setenv(NAME, "from-environment")
    found.append(find_key(NAME, prompt=True))
    found.append(find_key(NAME, given="from-argument", prompt=True))
    assert [(key.reveal(), key.source) for key in found] == [
        ("from-prompt", "the prompt"),
        (f"from-voicekit-{NAME}", "the keyring"),
        (f"from-colab-{NAME}", "Colab's secrets"),
        ("from-file", ".env"),
        ("from-environment", "the environment"),
        ("from-argument", "the argument"),
    ]


def test_a_secret_may_be_given_again():
    key = find_key(NAME, given=Secret(CANARY, "the keyring"))
    assert key == CANARY
    assert key.source == "the keyring"


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_blank_counts_as_absent(monkeypatch, blank):
    monkeypatch.setenv(NAME, blank)
    Path(".env").write_text(f"{NAME}=real")
    assert find_key(NAME, given=blank) == "real"


def test_white_space_around_a_key_is_dropped():
    assert find_key(NAME, given=f" {CANARY}\r\n") == CANARY


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("{}=abc", "abc"),
        ("export {}=abc", "abc"),
        ("  {} = abc  ", "abc"),
        ("{}='a#b'  # quoted", "a#b"),
        ('{}="a=b"', "a=b"),
        ("{}=a#b # comment", "a#b"),
        ("{}='unclosed", "'unclosed"),
        ("\ufeff{}=abc", "abc"),
        ("OTHER=1\r\n{}=abc\r\n", "abc"),
        ("{}=first\n{}=last", "last"),
    ],
)
def test_env_files_are_read_as_a_shell_reads_them(line, value):
    Path(".env").write_text(line.replace("{}", NAME), encoding="utf-8")
    assert find_key(NAME) == value


@pytest.mark.parametrize("line", ["# {}=abc", "{}", "{}=", "{}=  # later", "{}=''", "X{}=abc"])
def test_env_lines_that_set_nothing_are_passed_over(line):
    Path(".env").write_text(line.replace("{}", NAME))
    assert find_key(NAME) is None


def test_an_env_file_is_looked_for_up_to_the_projects_root(monkeypatch, tmp_path):
    inner = tmp_path / "project" / "notebooks"
    inner.mkdir()
    monkeypatch.chdir(inner)
    (tmp_path / ".env").write_text(f"{NAME}=at-home")
    assert find_key(NAME) == "at-home"
    (tmp_path / "project" / ".git").mkdir()
    assert find_key(NAME) is None
    (tmp_path / "project" / ".env").write_text(f"{NAME}=at-root")
    assert find_key(NAME) == "at-root"
    (inner / ".env").write_text("OTHER=1")
    assert find_key(NAME) == "at-root"


def test_outside_of_home_and_of_any_project_only_the_current_folder_counts(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "elsewhere"))
    (tmp_path / ".env").write_text(f"{NAME}=anybody's")
    assert find_key(NAME) is None
    Path(".env").write_text(f"{NAME}=mine")
    assert find_key(NAME) == "mine"


def test_a_user_without_a_home_only_has_the_current_folder(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nowhere)
    Path(".env").write_text(f"{NAME}=mine")
    assert find_key(NAME) == "mine"


def test_a_folder_above_that_nobody_may_look_into_is_no_error(monkeypatch):
    def refused(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", refused)
    assert find_key(NAME) is None


def test_a_folder_called_env_is_no_file():
    Path(".env").mkdir()
    assert find_key(NAME) is None


def test_a_store_that_refuses_counts_as_empty(monkeypatch):
    fake_colab(monkeypatch, fail)
    fake_keyring(monkeypatch, fail)
    assert find_key(NAME) is None


def refuse_input(_):
    raise NotImplementedError("this frontend does not support input requests")


def test_a_kernel_without_input_is_no_key(monkeypatch):
    fake_kernel(monkeypatch, refuse_input)
    assert find_key(NAME, prompt=True) is None


def test_a_pipe_is_not_asked(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("no terminal"))
    monkeypatch.setattr(getpass, "getpass", refuse)
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert find_key(NAME, prompt=True) is None


@pytest.mark.parametrize("character", [" ", "\n", "\0", "é", "\u201d", "\x7f"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(monkeypatch, character):
    monkeypatch.setenv(NAME, "sk-canary")
    with pytest.raises(KeyMissingError, match=f"{NAME} from the argument") as caught:
        find_key(NAME, given=f"sk-canary{character}0123456789")
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "show", [str, repr, format, "{:>40}".format, "{!r}".format, lambda s: repr([s]), ascii]
)
def test_a_secret_shows_its_last_four_characters_at_most(show):
    shown = show(Secret(CANARY))
    assert "cdef" in shown
    assert CANARY[:-4][-3:] not in shown


def test_a_short_secret_shows_nothing():
    assert str(Secret("hunter2-hunter2")) == "set"
    assert repr(Secret("hunter2")) == "<Secret set>"


def test_no_attribute_of_a_secret_shows_it():
    secret = Secret(CANARY)
    assert not hasattr(secret, "__dict__")
    for name in dir(secret):
        assert CANARY not in repr(getattr(secret, name))


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy, json.dumps])
def test_a_secret_is_not_written_by_accident(write):
    with pytest.raises(TypeError) as caught:
        write({"key": Secret(CANARY)})
    assert CANARY not in str(caught.value)


def test_secrets_compare_by_value():
    assert Secret(CANARY) == Secret(CANARY, "elsewhere")
    assert Secret(CANARY) == CANARY
    assert Secret(CANARY) != "other"
    assert Secret(CANARY) != 3
