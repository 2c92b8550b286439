"""Run inside an image: imports modules and tells what that brought, as JSON. `python -c PROBE MODULE…`"""

PROBE = """
import importlib, json, pkgutil, sys
for name in sys.argv[1:]:
    if name.endswith(".*"):
        package = importlib.import_module(name[:-2])
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.endswith(".__main__"):
                importlib.import_module(found.name)
    else:
        importlib.import_module(name)
def uncompiled(module):
    spec = module.__spec__
    cached = spec and spec.origin and spec.origin.endswith(".py") and spec.cached
    return bool(cached) and not __import__("os").path.exists(cached)
modules = dict(sys.modules)
print(json.dumps({"modules": sorted(modules), "uncompiled": sorted(n for n, m in modules.items() if uncompiled(m))}))
"""
