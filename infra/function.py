#!/usr/bin/env python3
"""Puts a package into the functions of a release, so that they serve it on AWS without a Rust toolchain.

    infra/function.py PACKAGE lifeboat-lambda-*.zip [--output .aws-sam/package]
    infra/function.py PACKAGE [--output .aws-sam/package]

PACKAGE is a folder with schema.json, model.onnx and manifest.json, and what else the package has. Each zip is written again with the
package in `package/`, beside the program, where a function finds it by itself. Beside them stands the template for all, for `sam deploy`;
where a function is missing there is no template. With none, the package becomes a layer for functions that stand already, layer.zip, which
the template's PackageLayerArn names. What is written is the same, byte for byte, for the same zips and package. Needs Python alone.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
# What each function is called in the template.
FUNCTIONS = {"api": "Api", "batch": "Batch", "monitor": "Monitor"}
# What else the template names, by the path from its folder.
BESIDE = ["infra/pre_traffic", "infra/bulk.asl.json"]
NEEDED = ["manifest.json", "model.onnx", "schema.json"]
# What serving and monitoring read beside these. Golden records, training data and documents stay where they are.
OPTIONAL = ["baseline.json", "history.json", "recipe.json", "sheet.json", "state.json"]
# What Lambda takes, in bytes: unpacked, and as a zip that is not handed over by S3.
MOST_UNPACKED, MOST_DIRECT = 250 << 20, 50 << 20
MACHINES = {62: "x86_64", 183: "arm64"}
# When the files of a layer say they were written: a zip tells no time before 1980.
LAYER_TIME = (1980, 1, 1, 0, 0, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=pathlib.Path, metavar="PACKAGE")
    parser.add_argument("zips", type=pathlib.Path, nargs="*", metavar="ZIP")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(".aws-sam/package"), metavar="DIR")
    options = parser.parse_args()
    files = package_files(options.package)
    functions = {name_of(path): path for path in options.zips}
    options.output.mkdir(parents=True, exist_ok=True)
    if not options.zips:
        write_layer(files, options.output / "layer.zip")
        return
    made = {name: write(path, files, options.output / f"{name}.zip") for name, path in functions.items()}
    if made.keys() != FUNCTIONS.keys():
        return
    if len(set(made.values())) != 1:
        fail(f"the functions are for different processors: {made}")
    template = options.output / "template.yaml"
    template.write_text(template_for(options.output, made["api"]))
    print(f"{template}: deploy it with\n  sam deploy --template-file {template} --config-file {ROOT / 'samconfig.toml'}")


def package_files(folder):
    """Returns the bytes of each file that serving reads, by its name."""
    if not folder.is_dir():
        fail(f"{folder} is no folder")
    for name in NEEDED:
        if not (folder / name).is_file():
            fail(f"{folder} is no package: {name} is missing")
    found = {name: (folder / name).read_bytes() for name in sorted(NEEDED + OPTIONAL) if (folder / name).is_file()}
    hashes = json.loads(found["manifest.json"]).get("files", {})
    for name, content in found.items():
        # Titles of a schema or a recipe may change afterwards; the function itself checks all that decides an answer.
        if name in hashes and name not in ("schema.json", "recipe.json") and hashes[name] != hashlib.sha256(content).hexdigest():
            fail(f"{folder / name} changed since the package was packed: put it back, or pack the package again")
    return found


def name_of(path):
    """Returns which function a zip of a release is."""
    found = re.match(r"lifeboat-lambda-([a-z]+)-", path.name)
    if not found or found[1] not in FUNCTIONS:
        fail(f"{path} is none of a release's functions: lifeboat-lambda-api-…, lifeboat-lambda-batch-…, lifeboat-lambda-monitor-…")
    return found[1]


def write(source, files, target):
    """Writes a function with the package, and returns the processor that it is for."""
    try:
        with zipfile.ZipFile(source) as archive:
            bootstrap = archive.getinfo("bootstrap")
            program = archive.read(bootstrap)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        fail(f"{source} is no function: {error}")
    machine = MACHINES.get(program[18]) if program[:4] == b"\x7fELF" else None
    if not machine:
        fail(f"{source} holds no program that Lambda runs")
    unpacked = len(program) + sum(map(len, files.values()))
    if unpacked > MOST_UNPACKED:
        fail(f"{target} would have {unpacked >> 20} MB unpacked, and Lambda takes 250: serve it elsewhere, or train a smaller model")
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        add(archive, "bootstrap", program, 0o100755, bootstrap.date_time)
        add_package(archive, files, bootstrap.date_time)
    os.replace(partial, target)
    size = target.stat().st_size
    by_s3 = "; so much goes by S3 alone, as SAM does it" if size > MOST_DIRECT else ""
    print(f"{target}: {size / 1e6:.1f} MB, {unpacked / 1e6:.1f} MB unpacked, for {machine}{by_s3}")
    return machine


def write_layer(files, target):
    """Writes the package as a layer, which Lambda unpacks into /opt."""
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w") as archive:
        add_package(archive, files, LAYER_TIME)
    os.replace(partial, target)
    print(
        f"{target}: {target.stat().st_size / 1e6:.1f} MB; publish it, and deploy with the ARN that is printed as PackageLayerArn:\n"
        f"  aws lambda publish-layer-version --layer-name lifeboat-package --zip-file fileb://{target} --query LayerVersionArn"
    )


def add_package(archive, files, moment):
    for name, content in files.items():
        add(archive, f"package/{name}", content, 0o100644, moment)


def add(archive, name, content, mode, moment):
    entry = zipfile.ZipInfo(name, moment)
    entry.create_system = 3
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


def template_for(output, machine):
    """Returns the template with these zips in the place of what is to be built."""
    text = (ROOT / "template.yaml").read_text()
    for name, resource in FUNCTIONS.items():
        built = f"      BuildMethod: rust-cargolambda\n      BuildProperties:\n        Binary: {name}\n"
        text = replaced(text, built, "")
        start = text.index(f"\n  {resource}:\n")
        text = replaced(text, "      CodeUri: .\n", f"      CodeUri: {name}.zip\n", start)
    for name in BESIDE:
        path = pathlib.Path(os.path.relpath(ROOT / name, output.resolve())).as_posix()
        text = replaced(text, f"Uri: {name}\n", f"Uri: {path}\n")
    processors = "    Default: arm64\n    AllowedValues: [arm64, x86_64]\n"
    return replaced(text, processors, f"    Default: {machine}\n    AllowedValues: [{machine}]\n")


def replaced(text, old, new, start=0):
    """Replaces what stands in the template, which it must, behind a place."""
    place = text.find(old, start)
    if place < 0:
        fail(f"template.yaml is another than this program knows: it lacks {old.strip()!r}")
    return text[:place] + new + text[place + len(old) :]


def fail(said):
    sys.exit(f"infra/function.py: {said}")


if __name__ == "__main__":
    main()
