"""Settings: a mistake is named before the first request."""

import json

import pytest

from web import settings


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ([], "must be an object"),
        ({"databse": {}}, "databse: no such setting"),
        ({"database": {"hots": "x"}}, "database.hots: no such setting"),
        ({"database": {"port": "5432"}}, "database.port: must be of type int"),
        ({"database": {"port": True}}, "database.port: must be of type int"),
        ({"cache": []}, "cache: must be an object"),
        ({"callers": {}}, "callers: must be a list"),
        ({"callers": [{"pattern": "x", "kinds": ["all"]}]}, r"callers\[0\].kinds"),
        ({"callers": [{"kinds": ["users"]}]}, r"callers\[0\].pattern"),
        ({"grants": [{"pattern": "(", "role": "reader"}]}, r"grants\[0\].pattern"),
        ({"grants": [{"pattern": "x", "role": "owner"}]}, r"grants\[0\].role: must be one of reader, writer, admin"),
    ],
)
def test_a_mistake_is_named(data, word):
    with pytest.raises(settings.SettingsError, match=word):
        settings.parse(data)


def test_a_whole_number_of_seconds_is_a_number_of_seconds(tmp_path):
    file = tmp_path / "app.json"
    file.write_text(json.dumps({"database": {"lifetime": 60}}))
    assert settings.load(str(file)).database.lifetime == 60.0


def test_without_settings_nobody_is_let_in():
    chosen = settings.parse({})
    assert (chosen.callers, chosen.grants) == ((), ())


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(settings.SettingsError, match="gone.json"):
        settings.load(str(tmp_path / "gone.json"))
