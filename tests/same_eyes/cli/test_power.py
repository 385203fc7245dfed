from same_eyes import cli


def power(capsys, store, *more):
    code = cli.main(["power", "--study", "digits", "--store", str(store), "--replicates", "200", *map(str, more)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_images_needed_fall_with_the_difference(capsys, planted):
    code, out, _ = power(capsys, planted("ce", "gce", "nls").root, "--difference", 0.04)
    assert code == 0
    (header, row) = (
        next(line for line in out.splitlines() if line.startswith(f"| {word}")) for word in ("quantity", "accuracy")
    )
    sizes = [float(cell) for cell in header.split("|")[2:-1]]
    needed = [int(cell.split("[")[0].replace(",", "")) for cell in row.split("|")[2:-1]]
    assert sizes == sorted({0.005, 0.01, 0.02, 0.04, 0.05})
    assert needed == sorted(needed, reverse=True)
    assert all(f"| {quantity}" in out for quantity in ("accuracy", "consistency", "gain"))


def test_an_under_powered_comparison_says_so(capsys, planted):
    _, out, _ = power(capsys, planted("ce", "gce", "nls").root, "--difference", 0.001, "--quantity", "consistency")
    assert "Under-powered: " in out
    assert "It takes " in out
    assert "| gain" not in out


def test_what_cannot_be_compared_is_one_line(capsys, planted, tmp_path):
    code, _, err = power(capsys, tmp_path)
    assert code == 1
    assert "two machines are needed" in err
    assert "same-eyes train" in err
    code, _, err = power(capsys, planted("ce", "gce").root, "--difference", 0)
    assert code == 1
    assert "above 0" in err
