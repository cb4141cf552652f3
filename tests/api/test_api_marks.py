"""Quality and speed of models as clients see them, on one scale."""

from aiohttp import FormData

MODEL_KEYS = {"of", "quality", "speed"}


async def json_of(client, path):
    response = await client.get(f"/api/v1/{path}")
    assert response.status == 200, await response.text()
    return await response.json()


async def test_every_model_has_marks_that_name_their_source(client):
    models = (await json_of(client, "models"))["items"]

    by_id = {model["id"]: model for model in models}
    tiny = by_id["tiny-captioner"]
    assert tiny["marks"]["quality"]["basis"] == "estimated"
    assert tiny["marks"]["quality"]["dots"] == 2
    assert tiny["marks"]["speed"]["dots"] >= 4
    assert tiny["seconds"] == tiny["marks"]["speed"]["seconds"]
    assert tiny["seconds_source"] in {"guessed", "measured_here"}
    for model in models:
        marks = model["marks"]
        assert set(marks) == MODEL_KEYS
        for mark in (marks["quality"], marks["speed"]):
            assert mark is None or 1 <= mark["dots"] <= marks["of"]
    # also of what does not fit: a person may want it all the same
    misfits = [m for m in models if m["fit"] == "does_not_fit"]
    assert any(model["marks"]["speed"] for model in misfits)


async def test_a_photo_that_was_described_makes_the_speed_a_measured_one(
    client, astronaut
):
    async def tiny():
        return await json_of(client, "models/tiny-captioner")

    assert (await tiny())["seconds_source"] == "guessed"
    form = FormData()
    form.add_field("image", astronaut.read_bytes(), filename="a.jpg")
    answer = await client.post("/api/v1/captions", data=form)
    assert answer.status == 200, await answer.text()

    found = await tiny()
    assert found["seconds_source"] == "measured_here"
    assert found["marks"]["speed"]["source"] == "measured_here"
    assert found["seconds"] > 0


async def test_the_marks_are_in_the_api_document_and_the_selection(client):
    document = await json_of(client, "openapi.json")
    answer = document["paths"]["/api/v1/models/{model_id}"]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]["properties"]
    speed = schema["marks"]["properties"]["speed"]
    assert set(schema["marks"]["required"]) == MODEL_KEYS
    assert speed["type"] == ["object", "null"]
    assert "measured_here" in speed["properties"]["source"]["enum"]

    selection = await json_of(client, "selection")
    running = next(t["running"] for t in selection["tasks"] if t["running"])
    assert set(running["marks"]) == MODEL_KEYS
