# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs for schedulers: read by the scheduler's own tools where there are any, and really run."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from gateway import Gate, StandInGateway
from gateway import actions as do
from support.processes import LIMIT_SECONDS, wait_until
from support.rooms import KEY
from support.slurm import Slurm

from trellis_addon.core.errors import InputError
from trellis_addon.headless.farm import flamenco, openjd, slurm
from trellis_addon.headless.farm.farm_job import BLENDER, DOOR, FarmJob, report_words, words
from trellis_addon.headless.report.lines import read_reports

DOOR_2 = (
    sys.executable,
    str(Path(__file__).resolve().parents[3] / "trellis_addon" / "headless" / "run.py"),
    "--",
)
CHAT = "POST /v1/chat/completions"
REFUSED = "red crate"
SHARDS = 4
# Two of them in each shard.
PROPS = [f"{kind} {thing}" for kind in ("old", "red") for thing in ("cup", "box", "crate", "stool")]

needs_bash = pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")


@pytest.fixture
def job(tmp_path: Path) -> FarmJob:
    """Eight props in four shards, in a folder with spaces and quotes in its name."""
    folder = tmp_path / "sh'ared dr\u00edve $HOME"
    folder.mkdir()
    file = folder / "props list.txt"
    file.write_text("\n".join(PROPS))
    return FarmJob.of(file, folder / "library", SHARDS, DOOR_2, ("--jobs", "2"))


class Farm:
    """The machines of a farm: processes that reach one stand-in gateway."""

    def __init__(self, gateway: StandInGateway, home: Path) -> None:
        self._gateway = gateway
        self._variables = {
            "AIGATEWAY_API_KEY": KEY,
            "AIGATEWAY_BASE_URL": gateway.base_url,
            "BLENDER_USER_RESOURCES": str(home / "blender"),
        }

    def run(self, *commands: list[str], **variables: str) -> None:
        """All at once, until the last has ended well."""
        ended(*(start(command, **self._variables, **variables) for command in commands))

    def keep(self, **variables: str) -> None:
        """Give all of them these variables from now on."""
        self._variables |= variables

    def hold(self) -> Gate:
        """Have the gateway hold the first request."""
        gate = Gate()
        self._gateway.script.on(CHAT, do.hold(gate))
        return gate

    def accept(self) -> None:
        """Have the gateway refuse nothing any more."""
        self._gateway.script.clear()

    def start(self, command: list[str]) -> subprocess.Popen[str]:
        """One of them."""
        return start(command, **self._variables)

    def refuse_account(self) -> None:
        """Have the gateway refuse the key."""
        self._gateway.script.on(CHAT, do.status(401), times=None)

    @property
    def sent(self) -> Counter[str]:
        """How often each prompt has reached the gateway."""
        bodies = [json.loads(r.body) for r in self._gateway.requests_to(CHAT)]
        return Counter(body["messages"][-1]["content"] for body in bodies)

    def refuse(self, prompt: str) -> None:
        """Have the gateway's filter stop one prompt, whoever asks."""
        self._gateway.script.on(
            CHAT,
            do.answer("content_filter"),
            times=None,
            when=lambda request: prompt in request.body.decode("utf-8"),
        )

    def check_made(self, job: FarmJob) -> None:
        """Each item was made by exactly one shard, and told."""
        assert self.sent == dict.fromkeys(PROPS, 1)
        told = list(read_reports([job.reports]))
        done = [line for line in told if line.status == "done"]
        assert sorted(line.prompt for line in done) == sorted(PROPS)
        assert {line.shard for line in done} == {f"{n}/{SHARDS}" for n in range(1, SHARDS + 1)}
        assert len(list(job.library.glob("*/prop.blend"))) == len(PROPS)

    def check_all_but_one(self, job: FarmJob) -> None:
        """All shards have run, and the page tells what has failed."""
        told = {line.prompt: line.status for line in read_reports([job.reports])}
        assert told == dict.fromkeys(PROPS, "done") | {REFUSED: "failed"}
        page = (job.reports / "report.html").read_text("utf-8")
        assert "content filter" in page
        assert page.count("data:image/") == len(PROPS) - 1

    def check_page(self, job: FarmJob) -> None:
        """Every prop is on the page, with its picture."""
        page = (job.reports / "report.html").read_text("utf-8")
        assert page.count("data:image/") == len(PROPS)


@pytest.fixture
def farm(stand_in: StandInGateway, tmp_path: Path) -> Farm:
    """Some machines."""
    return Farm(stand_in, tmp_path)


def start(command: list[str], **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(*processes: subprocess.Popen[str]) -> None:
    told = [process.communicate(timeout=LIMIT_SECONDS)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), told


@pytest.mark.long
def test_openjd_runs_four_shards_at_once(job: FarmJob, farm: Farm, tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(openjd.write(job), "utf-8")
    cli = [sys.executable, "-m", "openjd"]
    farm.run([*cli, "check", str(file)])
    values = {"File": job.file, "Library": job.library, "Reports": job.reports}
    given = [word for name, path in values.items() for word in ("-p", f"{name}={path}")]
    props = [*cli, "run", str(file), *given, "--step", "Props"]
    farm.run(*([*props, "-tp", f"Shard={number}"] for number in range(1, SHARDS + 1)))
    farm.check_made(job)
    # Once more, all in a row, as written in the file: nothing is made twice. Then the page.
    written = next(line for line in file.read_text("utf-8").splitlines() if "Run:" in line)
    again = shlex.split(written.split("Run:")[1])
    assert again[:3] == ["openjd", "run", "job.yaml"]
    farm.run([*cli, "run", str(file), *again[3:]])
    farm.check_made(job)
    farm.check_page(job)


@pytest.mark.long
def test_openjd_makes_the_report_though_a_prop_has_failed(
    job: FarmJob, farm: Farm, tmp_path: Path
) -> None:
    farm.refuse(REFUSED)
    file = tmp_path / "job.yaml"
    file.write_text(openjd.write(job), "utf-8")
    written = next(line for line in file.read_text("utf-8").splitlines() if "Run:" in line)
    given = shlex.split(written.split("Run:")[1])[3:]
    farm.run([sys.executable, "-m", "openjd", "run", str(file), *given])
    farm.check_all_but_one(job)


def test_task_is_a_failure_where_the_account_refuses(job: FarmJob, farm: Farm) -> None:
    farm.refuse_account()
    paths = (str(job.file), str(job.library), str(job.reports))
    done = farm.start([*job.command, *words(job, *paths, "1", str(SHARDS))])
    told = done.communicate(timeout=LIMIT_SECONDS)[0]
    assert done.returncode == 3, told


def test_openjds_model_takes_the_template(job: FarmJob) -> None:
    from openjd.model import decode_job_template

    plain = FarmJob.of(job.file, job.library, 7)
    decoded: Any = decode_job_template(template=openjd.template(plain))
    assert [step.name for step in decoded.steps] == ["Props", "Report"]
    action = decoded.steps[0].script.actions.onRun
    assert str(action.command) == BLENDER
    assert [str(word) for word in action.args][:3] == list(DOOR)


def test_openjd_template_holds_no_path_and_no_key(job: FarmJob) -> None:
    text = json.dumps(openjd.template(FarmJob.of(job.file, job.library, 4)))
    assert str(job.file.parent) not in text
    assert json.loads(text)["name"] == "trellis-props-list"
    whole = openjd.write(job)
    assert json.loads("\n".join(li for li in whole.splitlines() if li[0] != "#"))


@pytest.mark.parametrize(("seconds", "grace"), [(120, "100s"), (600, "580s"), (10, "5s")])
def test_batch_ends_before_the_scheduler_kills_it(job: FarmJob, seconds: int, grace: str) -> None:
    farm_job = FarmJob.of(job.file, job.library, 4, stop_seconds=seconds)
    steps = openjd.template(farm_job)["steps"]
    for step in steps:
        action = step["script"]["actions"]["onRun"]
        assert action["cancelation"]["notifyPeriodInSeconds"] == seconds
    args = steps[0]["script"]["actions"]["onRun"]["args"]
    assert args[args.index("--grace") + 1] == grace
    script = slurm.write(farm_job)
    assert f"#SBATCH --signal=B:TERM@{seconds}\n" in script
    assert f"--grace {grace} --wait 1h" in script


def test_openjd_refuses_what_it_cannot_escape(job: FarmJob) -> None:
    with pytest.raises(InputError, match="cannot take"):
        openjd.write(FarmJob.of(job.file, job.library, 4, (), ("--title", "{{x}}")))


@pytest.fixture
def slurm_here(tmp_path: Path) -> Slurm:
    """A Slurm with a node for each task."""
    return Slurm(tmp_path / "slurm")


def submitted(job: FarmJob, farm: Farm, slurm_here: Slurm, *words: str) -> Path:
    """The job's script, submitted as its first lines say."""
    script = job.reports.parent / "job.sh"
    script.write_text(slurm.write(job), "utf-8")
    variables = slurm_here.install() if not slurm_here.folder.exists() else {}
    farm.keep(**variables)
    farm.run(["bash", str(script), *words])
    return script


@pytest.mark.long
@needs_bash
def test_slurm_runs_the_shards_and_then_the_report(
    job: FarmJob, farm: Farm, slurm_here: Slurm
) -> None:
    farm.refuse(REFUSED)
    assert not job.reports.exists()
    submitted(job, farm, slurm_here, "--partition=long")
    slurm_here.wait_for(2)
    assert slurm_here.codes(1) == {f"{number}": 0 for number in range(1, SHARDS + 1)}
    assert slurm_here.codes(2) == {"batch": 0}, (job.reports / "slurm-report.log").read_text()
    farm.check_all_but_one(job)
    logs = {path.name for path in job.reports.glob("*.log")}
    assert logs == {"slurm-report.log", *(f"slurm-{n}.log" for n in range(1, SHARDS + 1))}
    shards, report = slurm_here.job(1)["options"], slurm_here.job(2)["options"]
    assert report["dependency"] == "afterany:1"
    assert (shards["partition"], report["partition"]) == ("long", "long")
    assert "requeue" in shards
    # Once more, for the shard whose prop has failed: nothing else is made again.
    farm.accept()
    before = farm.sent
    (shard,) = {line.shard for line in read_reports([job.reports]) if line.prompt == REFUSED}
    index = shard.partition("/")[0]
    submitted(job, farm, slurm_here, index)
    slurm_here.wait_for(4)
    assert slurm_here.job(3)["tasks"] == [index]
    assert slurm_here.codes(3) == {index: 0}
    assert {prompt for prompt in PROPS if farm.sent[prompt] > before[prompt]} <= {REFUSED}


@pytest.mark.long
@needs_bash
def test_slurm_asks_a_shard_to_stop_and_the_report_is_made(
    job: FarmJob, farm: Farm, slurm_here: Slurm
) -> None:
    gate = farm.hold()
    job = FarmJob.of(job.file, job.library, 1, DOOR_2, ("--jobs", "1"), stop_seconds=600)
    submitted(job, farm, slurm_here)
    assert gate.reached.wait(LIMIT_SECONDS)
    slurm_here.ask_to_stop(1, "1")
    log = job.reports / "slurm-1.log"
    wait_until(lambda: "Stopping: 1 under way" in log.read_text("utf-8"))
    assert slurm_here.codes(1) is None, "the shell waits for the batch"
    gate.release()
    slurm_here.wait_for(2)
    assert slurm_here.codes(1) == {"1": 130}, log.read_text("utf-8")
    assert sum(farm.sent.values()) == 1, "nothing is begun"
    assert len(list(job.library.glob("*/prop.blend"))) == 1
    assert (job.reports / "report.html").is_file()


@needs_bash
def test_slurm_script_submits_itself_from_a_node(
    job: FarmJob, farm: Farm, slurm_here: Slurm
) -> None:
    """Whoever writes `sbatch job.sh` gets the same."""
    script = job.reports.parent / "job.sh"
    plain = FarmJob.of(job.file, job.library, 2, ("true",))
    script.write_text(slurm.write(plain), "utf-8")
    farm.keep(**slurm_here.install())
    farm.run(["sbatch", str(script)])
    slurm_here.wait_for(3)
    assert slurm_here.codes(1) == {"batch": 0}
    assert slurm_here.codes(2) == {"1": 0, "2": 0}
    assert slurm_here.job(3)["words"] == ["report"]


@pytest.mark.parametrize("name", ["a%b.txt", "a\nb.txt"])
def test_slurm_refuses_what_it_would_read_otherwise(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot take this path"):
        slurm.write(FarmJob.of(tmp_path / name, tmp_path / "library", 2))


# Flamenco's author API as its documentation has it: Task(name, type) and Command(name, parameters),
# addCommand, addDependency, job.addTask; names must not be empty, parameters are plain values.
AUTHOR = """
const need = (ok, what) => { if (!ok) throw new Error(what); };
const plain = (v) => typeof v == "string" || (Array.isArray(v) && v.every(plain));
const author = {
    Task(name, type) {
        need(name && name.trim() && type && type.trim(), "author.Task(name, type)");
        const task = { name, type, commands: [], dependencies: [] };
        task.addCommand = (c) => { need(c.isCommand, "no command"); task.commands.push(c); };
        task.addDependency = (t) => { need(t.commands, "no task"); task.dependencies.push(t); };
        return task;
    },
    Command(name, parameters) {
        need(name == "exec", "unknown command " + name);
        need(typeof parameters.exe == "string" && plain(parameters.args), "exec's parameters");
        return { isCommand: true, name, parameters };
    },
};
const print = () => {};
"""
COMPILE = """
const fs = require("fs");
const submitted = JSON.parse(fs.readFileSync(0, "utf-8"));
const settings = {};
for (const one of JOB_TYPE.settings) {
    need(["string", "int32", "float", "bool"].includes(one.type), "type of " + one.key);
    if (one.subtype) need(["file_path", "dir_path"].includes(one.subtype), one.subtype);
    if ("default" in one) settings[one.key] = one.default;
}
Object.assign(settings, submitted.settings);
for (const one of JOB_TYPE.settings) need(!one.required || settings[one.key], one.key);
for (const key in submitted.settings) need(JOB_TYPE.settings.some((s) => s.key == key), key);
const tasks = [];
compileJob({ settings, addTask: (task) => tasks.push(task) });
console.log(JSON.stringify(tasks.map((t) => ({
    name: t.name, type: t.type, commands: t.commands.map((c) => c.parameters),
    after: t.dependencies.map((d) => d.name),
}))));
"""


def compiled(body: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    node = shutil.which("node")
    if not node:
        pytest.skip("there is no node to run the JavaScript")
    script = AUTHOR + flamenco.SCRIPT + COMPILE
    text = json.dumps(body)
    return subprocess.run([node, "-e", script], input=text, capture_output=True, text=True)


@pytest.mark.long
def test_flamenco_job_type_makes_tasks_that_run(job: FarmJob, farm: Farm) -> None:
    body = json.loads(flamenco.submission(job))
    assert (body["type"], body["priority"]) == ("trellis-batch", 50)
    done = compiled(body)
    assert done.returncode == 0, done.stderr
    *shards, report = json.loads(done.stdout)
    assert [task["name"] for task in shards] == [f"shard-{n}" for n in range(1, SHARDS + 1)]
    assert {task["type"] for task in (*shards, report)} == {"blender"}
    assert report["after"] == [task["name"] for task in shards]
    run = [[c["exe"], *c["args"]] for task in shards for c in task["commands"]]
    paths = (str(job.file), str(job.library), str(job.reports))
    assert run[1] == [*job.command, *words(job, *paths, "2", str(SHARDS))]
    farm.run(*run)
    farm.check_made(job)
    (last,) = report["commands"]
    assert [last["exe"], *last["args"]] == [*job.command, *report_words(*paths[1:])]
    farm.run([last["exe"], *last["args"]])
    farm.check_page(job)


def test_flamenco_uses_the_managers_own_blender(job: FarmJob) -> None:
    body = json.loads(flamenco.submission(FarmJob.of(job.file, job.library, 2)))
    del body["settings"]["options"]
    for given in (body, {**body, "settings": {**body["settings"], "command": ""}}):
        done = compiled(given)
        if given is body:
            command = json.loads(done.stdout)[0]["commands"][0]
            assert command["exe"] == "{blender}"
            assert command["args"][:3] == list(DOOR)
    del body["settings"]["command"]
    assert json.loads(compiled(body).stdout)[0]["commands"][0]["exe"] == "{blender}"


@pytest.mark.parametrize(
    "change", [{"shards": 0}, {"shards": 5000}, {"options": "{}"}, {"options": "[1]"}, {"file": ""}]
)
def test_flamenco_job_type_refuses_nonsense(job: FarmJob, change: dict[str, Any]) -> None:
    body = json.loads(flamenco.submission(job))
    body["settings"] |= change
    assert compiled(body).returncode != 0
