import asyncio
import json

from tests.made_up import made_cases

from promptceiling.embedded import MODEL
from promptceiling.embedded.jobs import Jobs


def training_file():
    rows = [[{"role": "user", "content": c["input"]}, {"role": "assistant", "content": c["expected_category"]}]
            for c in made_cases(30)]
    return "\n".join(json.dumps({"messages": row}) for row in rows).encode()


def test_job_that_another_process_cancelled_makes_no_model(tmp_path):
    """A training that ends after its job was cancelled from elsewhere leaves the job cancelled and without a model."""
    here, elsewhere = Jobs(tmp_path, MODEL), Jobs(tmp_path, MODEL)

    async def whole():
        file = here.add_file("train.jsonl", training_file(), "fine-tune")
        job_id = here.create(file["id"], seed=1, epochs=2, suffix=None)["id"]
        while here.job(job_id)["status"] != "running":
            await asyncio.sleep(0)
        elsewhere.cancel(here.job(job_id))
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
        return here.job(job_id)

    job = asyncio.run(whole())

    assert (job["status"], job["fine_tuned_model"]) == ("cancelled", None)


def test_jobs_are_listed_latest_first_and_kept_as_json(tmp_path):
    """What is stored is JSON and the training file, never a trained object."""
    jobs = Jobs(tmp_path, MODEL)

    async def whole():
        file = jobs.add_file("train.jsonl", training_file(), "fine-tune")
        for seed in (1, 2):
            jobs.create(file["id"], seed=seed, epochs=1, suffix=None)
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    asyncio.run(whole())
    listed = jobs.jobs()

    assert sorted(job["seed"] for job in listed) == [1, 2]
    assert listed == sorted(listed, key=lambda job: (job["created_at"], job["id"]), reverse=True)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".json", ".jsonl"}
