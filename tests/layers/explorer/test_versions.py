from layers.explorer.versions import versions_told


def test_the_usual_version_is_said_once_and_others_by_their_title():
    assert versions_told({}) == ""
    assert versions_told({"A": 1, "B": 1}) == "Version of the definitions: 1"
    told = versions_told({"A": 1, "B": 2, "C": 1})
    assert told == "Version of the definitions: 1; of “B” 2"
