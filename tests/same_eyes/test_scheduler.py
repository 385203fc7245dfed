"""The plan on real workers: nothing lost, nothing trained twice, and what is wrong is said."""

import os
import signal
import subprocess
import sys
import time

import pytest

from same_eyes import scheduler
from same_eyes.method import available
from same_eyes.places import CHECKOUT
from same_eyes.store import Run, Store
from same_eyes.types import BadInput

pytest.importorskip("distributed")
pytest.importorskip("torch")

METHODS = {"quick": {}, "follows": {"starts_from": "quick"}, "slow": {}, "late": {"starts_from": "quick"}, "fails": {}}
LESSONS = """
import os, time
from same_eyes.method import Method

def lessons(name, pause):
    def objective(task):
        from torch.nn.functional import cross_entropy
        begun = set()
        def loss(logits, batch):
            if batch.epoch not in begun:
                begun.add(batch.epoch)
                with open(os.environ["LESSONS"], "a") as log:
                    log.write(f"{name} {os.getpid()} {batch.epoch}\\n")
            time.sleep(pause)
            return cross_entropy(logits[0], batch.labels) / (name != "fails")
        return loss
    return objective
"""


def run(name):
    return Run("digits", "tiny", "random1", name, "digits")


class School:
    """A package of methods that write down each epoch of their training, and processes that see it."""

    def __init__(self, folder):
        self.folder, self.site, self.processes = folder, folder / "site", []
        self.store, self.log = Store(folder / "store", {}), folder / "log"
        info = self.site / "lessons-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lessons\nVersion: 1.0\n")
        entries = ["[same_eyes.methods]", *(f"{name} = {name}:METHOD" for name in METHODS)]
        (info / "entry_points.txt").write_text("\n".join(entries))
        (self.site / "lessons.py").write_text(LESSONS)
        for name, facts in METHODS.items():
            code = f"Method({name!r}, {name!r}, '', lessons({name!r}, {0.1 if name == 'slow' else 0}), **{facts!r}, "
            code += "recipe={'epochs': 4, 'tune_epochs': 2})"
            (self.site / f"{name}.py").write_text(f"from lessons import Method, lessons\nMETHOD = {code}\n")

    def start(self, *command, **environment):
        paths = os.pathsep.join(map(str, (self.site, CHECKOUT)))
        env = {**os.environ, "PYTHONPATH": paths, "LESSONS": str(self.log), "SAME_EYES_WORK": str(self.folder / "work")}
        env |= {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s", "PYTHONWARNINGS": "", **environment}
        process = subprocess.Popen(
            command, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        return process

    def train(self, *arguments, **environment):
        command = [sys.executable, "-m", "same_eyes.cli", "train", "--study", "digits", "--store", "store", *arguments]
        return self.start(*command, **environment)

    def cluster(self, workers=2, prefix=()):
        """A scheduler and its workers, each a process of its own; gives the scheduler's file."""
        file = str(self.folder / "scheduler.json")
        dask, common = [sys.executable, "-m", "dask"], ["--no-dashboard", "--scheduler-file", file]
        self.start(*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *common)
        for _ in range(workers):
            options = ["--nthreads", "1", "--resources", "CPU=1", "--no-nanny", *common]
            self.start(*prefix, *dask, "worker", *options, OMP_NUM_THREADS="1")
        return file

    def lessons(self, name=None):
        """(method, process, epoch) of each epoch that was begun, in order; of one method (process, epoch)."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        begun = [(method, int(process), int(epoch)) for method, process, epoch in map(str.split, lines)]
        return [line[1:] for line in begun if line[0] == name] if name else begun

    def end(self):
        for process in reversed(self.processes):
            process.kill()
            process.communicate()


@pytest.fixture
def school(tmp_path):
    school = School(tmp_path)
    yield school
    school.end()


def test_a_worker_that_dies_loses_nothing_and_nothing_is_trained_twice(school):
    names = ["follows", "slow", "late"]
    training = school.train(*names, "--scheduler", school.cluster())
    while training.poll() is None and len(school.lessons("slow")) < 2:  # in its second epoch: the first is saved
        time.sleep(0.01)
    died = school.lessons("slow")[0][0]
    os.kill(died, signal.SIGKILL)
    out, err = training.communicate(timeout=300)
    assert training.returncode == 0, err
    assert [line.split(":")[0] for line in out.splitlines()] == [run(name).name for name in ("quick", *names)]

    assert [epoch for _, epoch in school.lessons("quick")] == [0, 1, 2, 3]
    assert [epoch for _, epoch in school.lessons("follows")] == [epoch for _, epoch in school.lessons("late")] == [0, 1]
    assert [name for name, *_ in school.lessons() if name != "slow"][:4] == ["quick"] * 4  # the others start from it
    before = [epoch for process, epoch in school.lessons("slow") if process == died]
    after = [epoch for process, epoch in school.lessons("slow") if process != died]
    assert before == list(range(before[-1] + 1))
    assert after == list(range(before[-1], 4))  # from the epoch that it died in

    work = str(school.folder / "alone-work")
    alone = school.train(*names, "--store", "alone", SAME_EYES_WORK=work, OMP_NUM_THREADS="1")
    assert alone.communicate(timeout=300)[0].count("heldout") == 4
    elsewhere = Store(school.folder / "alone", {})
    for name in ("quick", *names):
        manifest = school.store.manifest(run(name))
        assert "CPU, 1 threads" in manifest["device"]
        assert manifest["sha256"] == elsewhere.manifest(run(name))["sha256"]
        assert len(school.store.load(run(name), stale=True)["heldout"].probs) == 797


def test_local_workers_train_one_run_each_and_a_failure_costs_that_run_alone(school):
    training = school.train("fails", "quick", "slow", "--scheduler", "local", OMP_NUM_THREADS="1")
    out, err = training.communicate(timeout=300)
    assert (training.returncode, out) == (1, "")
    assert f"1 of 3 runs are not trained; the others are. {run('fails').name}: fails: the loss is inf" in err
    assert school.store.runs() == [run("quick"), run("slow")]
    assert {"CPU, 1 threads" in school.store.manifest(run(name))["device"] for name in ("quick", "slow")} == {True}
    assert training.pid not in {process for _, process, _ in school.lessons()}


def test_a_scheduler_that_is_not_there_is_named(school):
    training = school.train("quick", "--scheduler", "tcp://127.0.0.1:9", DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s")
    _, err = training.communicate(timeout=120)
    assert training.returncode == 1
    assert "same-eyes: no scheduler at tcp://127.0.0.1:9" in err
    assert "Start one: dask scheduler" in err


def test_workers_that_do_not_share_the_store_are_found_out(school):
    hidden = school.folder / "store"
    hidden.mkdir()
    own_store = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs tmpfs {hidden} && exec "$@"', "sh"]
    if subprocess.run([*own_store, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a mount namespace of its own, which root may make in most places")
    training = school.train("quick", "--scheduler", school.cluster(1, own_store))
    _, err = training.communicate(timeout=300)
    assert training.returncode == 1
    assert "workers must share it, by the same path" in err


def test_a_worker_with_another_method_refuses_the_run(tmp_path, methods):
    here = run("ce").signature(available())
    for name, signature in (("ce", "0" * 16), ("unknown", here)):
        with pytest.raises(BadInput, match="a worker has another same-eyes"):
            scheduler._train(run(name), signature, tmp_path, tmp_path, None, "cpu", None)
    assert not any(tmp_path.iterdir())


def test_each_local_worker_has_its_share(monkeypatch):
    import dask.system

    monkeypatch.setattr(dask.system, "CPU_COUNT", 8)
    for threads, workers in (("1", 8), ("3", 2), ("16", 1)):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        assert scheduler._shares(gpus=False) == [{"OMP_NUM_THREADS": threads}] * workers
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert scheduler._shares(gpus=False) == [{"OMP_NUM_THREADS": "1"}] * 8
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    assert scheduler._shares(gpus=True) == [{"CUDA_VISIBLE_DEVICES": "2"}, {"CUDA_VISIBLE_DEVICES": "5"}]


def test_without_dask_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(BadInput, match=r"pip install 'same-eyes\[cluster,train\]'"),
        scheduler._client("local", {"CPU": 1}),
    ):
        pass
