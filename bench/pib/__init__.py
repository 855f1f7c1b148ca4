"""PIB images and NVM files of HomePlug adapters as values: read, change by name, compare, make from nothing.

    image = parse(octets)                       # FlatPib, ChainPib or NvmFile; PibError if it is not wholly sound
    image.read("slac_enable")                   # SlacEnable.PEV
    evse = image.with_values({"slac_enable": SlacEnable.EVSE, "cco_mode": CcoMode.ALWAYS})
    evse.octets                                 # the file, checksums right; identity untouched
    compare(image, evse).lines()                  # ['cco_mode: 1 NEVER -> 2 ALWAYS', ...]
    faults(octets)                              # all that is wrong with a damaged file

    recipe = find_recipe("tplink-tlpa4010p/evse")   # or load_recipe(path), recipes()
    recipe.check(image, version)                # [] or why it is not for this adapter; then plan() and applied_to()

The fields are in `bench.pib.fields`, each with its source and how sure it is. PIB: parameter information block.
"""

from bench.errors import PibError
from bench.pib.chained import ChainPib
from bench.pib.checksum import checksum32
from bench.pib.diff import Diff, FieldChange, RangeChange, compare
from bench.pib.fault import Fault
from bench.pib.fields import Certainty, Field, Role, chain_fields, flat_fields
from bench.pib.flat import FlatPib
from bench.pib.image import Family, PibImage
from bench.pib.manifest import Manifest
from bench.pib.nvm import NvmFile, NvmForm
from bench.pib.reading import PibFile, faults, parse
from bench.pib.recipe import Edit, Recipe, RecipePlan, RecipeRefused, Refusal
from bench.pib.recipe_file import find_recipe, load_recipe, recipes
from bench.pib.synthesis import minimal_chain, synthesise, synthesise_nvm
from bench.pib.values import CcoMode, SlacEnable, Value, YesNo

__all__ = [
    "CcoMode",
    "Certainty",
    "ChainPib",
    "Diff",
    "Edit",
    "Family",
    "Fault",
    "Field",
    "FieldChange",
    "FlatPib",
    "Manifest",
    "NvmFile",
    "NvmForm",
    "PibError",
    "PibFile",
    "PibImage",
    "RangeChange",
    "Recipe",
    "RecipePlan",
    "RecipeRefused",
    "Refusal",
    "Role",
    "SlacEnable",
    "Value",
    "YesNo",
    "chain_fields",
    "checksum32",
    "compare",
    "faults",
    "find_recipe",
    "flat_fields",
    "load_recipe",
    "minimal_chain",
    "parse",
    "recipes",
    "synthesise",
    "synthesise_nvm",
]
