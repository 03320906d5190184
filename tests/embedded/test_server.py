import asyncio
import json

import httpx2
import openai
import pytest
from tests.made_up import WORDS, made_cases

from promptceiling.embedded import MODEL, create_app
from promptceiling.prompts import Field, PromptVariant, Shot, render

FIELD = Field("category", tuple(WORDS))


def messages(text="the invoice", **options):
    variant = PromptVariant("v", (FIELD,), **options)
    return list(render(variant, text, [Shot("s", "invoice of may", {"category": "billing"})]).messages)


def training_file(n=60):
    rows = [[{"role": "user", "content": c["input"]},
             {"role": "assistant", "content": json.dumps({"category": c["expected_category"]})}] for c in made_cases(n)]
    return "\n".join(json.dumps({"messages": row}) for row in rows).encode()


def talk(folder, conversation):
    """What a conversation with a new server over `folder` returns; it is handed an openai client."""
    async def whole():
        http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=create_app(folder)))
        client = openai.AsyncOpenAI(base_url="http://e/v1", api_key="none", max_retries=0, http_client=http)
        async with client:
            return await conversation(client)

    return asyncio.run(whole())


async def ended(client, job_id):
    """The job once it has ended; each look lets the server's loop go on."""
    async with asyncio.timeout(30):
        while (job := await client.fine_tuning.jobs.retrieve(job_id)).status in ("queued", "running"):
            await asyncio.sleep(0)
    return job


async def tuned(client, raw=None, **options):
    file = await client.files.create(file=("train.jsonl", raw or training_file()), purpose="fine-tune")
    job = await client.fine_tuning.jobs.create(training_file=file.id, model=MODEL, **options)
    return await ended(client, job.id)


def test_chat_completion_answers_a_rendered_prompt(tmp_path):
    """A prompt as this library renders it is answered with JSON, the model's name, a finish reason and token counts."""
    async def conversation(client):
        return await client.chat.completions.create(model=MODEL, messages=messages())

    completion = talk(tmp_path, conversation)

    assert json.loads(completion.choices[0].message.content)["category"] == "billing"
    assert (completion.model, completion.choices[0].finish_reason) == (MODEL, "stop")
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_answer_is_cut_at_the_limit(tmp_path, name):
    """Both names of the limit cut the answer and say so by the finish reason `length`."""
    async def conversation(client):
        return await client.chat.completions.create(model=MODEL, messages=messages(), **{name: 3})

    completion = talk(tmp_path, conversation)

    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens == 3
    assert completion.choices[0].message.content.startswith('{"')


def test_models_lists_the_base_model_and_its_fine_tunes(tmp_path):
    """The list has the embedded model, and after a job the tuned one beside it."""
    async def conversation(client):
        before = [m.id async for m in client.models.list()]
        job = await tuned(client)
        return before, job.fine_tuned_model, [m.id async for m in client.models.list()]

    before, name, after = talk(tmp_path, conversation)

    assert before == [MODEL]
    assert after == [MODEL, name]


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"7", b"{}", b'{"messages": null}', b'{"messages": ["a"]}', b'{"messages": [], "model": 3}',
    b"[" * 100_000, b"\xff\xfe",
    json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "a"}]}).encode(),
    json.dumps({"model": MODEL, "messages": messages(), "response_format": "json"}).encode(),
    json.dumps({"model": MODEL, "messages": [*messages()[:-1], {"role": "user", "content": None}]}).encode(),
    json.dumps({"model": MODEL, "messages": messages(), "response_format": {"json_schema": {
        "schema": {"properties": {"category": {"enum": []}}}}}}).encode(),
])
def test_unreadable_chat_request_is_a_client_error(tmp_path, body):
    """A body that is no request, or names nothing to choose from, is answered with 400 or 404 and a reason in words."""
    async def conversation(client):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=create_app(tmp_path))) as http:
            return await http.post("http://e/v1/chat/completions", content=body)

    response = talk(tmp_path, conversation)

    assert response.status_code in (400, 404)
    assert response.json()["error"]["message"].endswith(".")


def test_half_a_character_in_a_text_is_answered(tmp_path):
    """A lone surrogate, which JSON can carry, does not stop the server."""
    body = json.dumps({"model": MODEL, "messages": messages("the invoice \ud83d")}).encode()

    async def conversation(client):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=create_app(tmp_path))) as http:
            return await http.post("http://e/v1/chat/completions", content=body)

    assert talk(tmp_path, conversation).status_code == 200


def test_unknown_model_is_not_found(tmp_path):
    """A model that is not here is a 404 with the code of the protocol."""
    async def conversation(client):
        with pytest.raises(openai.NotFoundError) as caught:
            await client.chat.completions.create(model="gpt-4o-mini", messages=messages())
        return caught.value.code

    assert talk(tmp_path, conversation) == "model_not_found"


def test_job_runs_to_a_model_that_answers(tmp_path):
    """An upload and a job give a model that answers without shots, with the job's seed, epochs and suffix."""
    async def conversation(client):
        job = await tuned(client, seed=7, suffix="mine", method={
            "type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}})
        answer = await client.chat.completions.create(model=job.fine_tuned_model, messages=messages("login password1"))
        events = [e async for e in client.fine_tuning.jobs.list_events(job.id)]
        return job, answer, events

    job, answer, events = talk(tmp_path, conversation)

    assert (job.status, job.seed, job.method.supervised.hyperparameters.n_epochs) == ("succeeded", 7, 3)
    assert job.fine_tuned_model.startswith(f"ft:{MODEL}:mine:")
    assert answer.model == job.fine_tuned_model
    assert json.loads(answer.choices[0].message.content)["category"] == "access"
    assert [e.data["step"] for e in events] == [3, 2, 1]


def test_restarted_server_has_the_same_model(tmp_path):
    """A new process over the same folder trains the model again and gives the same answer to the last digit."""
    async def first(client):
        name = (await tuned(client)).fine_tuned_model
        return name, await client.chat.completions.create(model=name, messages=messages("csv archive7 token"))

    name, before = talk(tmp_path, first)

    async def second(client):
        return await client.chat.completions.create(model=name, messages=messages("csv archive7 token"))

    assert talk(tmp_path, second).choices[0].message.content == before.choices[0].message.content


def test_unfinished_job_is_taken_up_by_the_next_server(tmp_path):
    """A job that was queued when its server ended is run to its end by the next one that is asked about it."""
    async def first(client):
        file = await client.files.create(file=("train.jsonl", training_file()), purpose="fine-tune")
        return (await client.fine_tuning.jobs.create(training_file=file.id, model=MODEL)).id

    job_id = talk(tmp_path, first)

    assert talk(tmp_path, lambda client: ended(client, job_id)).status == "succeeded"


@pytest.mark.parametrize(("raw", "said"), [
    (b"nonsense", "line 1: expected an object"), (training_file(9), "9 examples; at least 10 are needed"),
    (b"\n".join([training_file(1)] * 12), "every example has the same answer")])
def test_unusable_training_file_fails_the_job_with_its_reason(tmp_path, raw, said):
    """A job over a bad file ends as failed and says why; it does not stay running."""
    job = talk(tmp_path, lambda client: tuned(client, raw))

    assert job.status == "failed"
    assert said in job.error.message
    assert job.error.code == "invalid_training_file"


def test_cancelled_job_stays_cancelled(tmp_path):
    """A cancelled job makes no model, now or when it is asked about again."""
    async def conversation(client):
        file = await client.files.create(file=("train.jsonl", training_file()), purpose="fine-tune")
        job = await client.fine_tuning.jobs.create(training_file=file.id, model=MODEL)
        cancelled = await client.fine_tuning.jobs.cancel(job.id)
        again = await client.fine_tuning.jobs.retrieve(job.id)
        return cancelled.status, again.status, [m.id async for m in client.models.list()]

    assert talk(tmp_path, conversation) == ("cancelled", "cancelled", [MODEL])


@pytest.mark.parametrize(("change", "error"), [
    ({"model": "gpt-4o-mini"}, openai.NotFoundError), ({"training_file": "file-000000000000"}, openai.NotFoundError),
    ({"training_file": "../../etc/passwd"}, openai.NotFoundError), ({"seed": -1}, openai.BadRequestError),
    ({"seed": "x"}, openai.BadRequestError), ({"seed": True}, openai.BadRequestError),
    ({"suffix": 3}, openai.BadRequestError), ({"method": {"type": "dpo"}}, openai.BadRequestError),
    ({"method": "supervised"}, openai.BadRequestError),
], ids=str)
def test_job_that_cannot_run_is_refused_at_once(tmp_path, change, error):
    """A wrong model, file, seed, suffix or method is refused when the job is asked for, and no job is made."""
    async def conversation(client):
        file = await client.files.create(file=("train.jsonl", training_file()), purpose="fine-tune")
        with pytest.raises(error):
            await client.fine_tuning.jobs.create(**({"training_file": file.id, "model": MODEL} | change))
        return (await client.fine_tuning.jobs.list()).data

    assert talk(tmp_path, conversation) == []


@pytest.mark.parametrize("path", [
    "/v1/files/file-000000000000", "/v1/files/..%2F..%2Fetc", "/v1/fine_tuning/jobs/ftjob-0",
    "/v1/fine_tuning/jobs/ftjob-000000000000/events", "/v1/nothing"])
def test_unknown_address_is_not_found(tmp_path, path):
    """A file, job or page that is not here is a 404; an id is never a path."""
    async def conversation(client):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=create_app(tmp_path))) as http:
            return await http.get(f"http://e{path}")

    assert talk(tmp_path, conversation).status_code == 404


def test_file_name_of_an_upload_is_no_path(tmp_path):
    """An upload is stored under an id of the server's; the name it came with is only shown, without folders."""
    async def conversation(client):
        return await client.files.create(file=("../../evil.jsonl", b"{}"), purpose="fine-tune")

    file = talk(tmp_path / "here", conversation)

    assert file.filename == "evil.jsonl"
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == sorted([f"{file.id}.json", f"{file.id}.jsonl"])


def test_answering_writes_nothing(tmp_path):
    """A chat completion leaves no file behind."""
    async def conversation(client):
        return await client.chat.completions.create(model=MODEL, messages=messages())

    talk(tmp_path / "here", conversation)

    assert list(tmp_path.iterdir()) == []
