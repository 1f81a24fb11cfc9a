import Artifacts

/// Where a name that is not on the allow-list comes from, and so what to think of it.
///
/// This decides only how a refusal is worded and how much it weighs. Nothing is ever admitted by it.
enum NameOrigin {
  /// Python's own: there is no harmless reason for it in a model.
  case standardLibrary
  /// Python's own, and without effect where it stands; `InertNames` says which.
  case inert
  /// A name that reaches through what it names to something else: `Scaler.__init__.__globals__`.
  case reaching
  /// A function of a well-known library.
  case libraryFunction
  /// A class of a well-known library, or a function that only puts one of its objects together again.
  case libraryClass
  /// A class of a library of estimators.
  case estimator
  /// What cloudpickle and dill use to put a function together from its code.
  case functionByValue
  /// joblib's wrappers that name another file.
  case externalFile
  /// A module that nobody but the author knows.
  case own

  init(_ global: PickleGlobal) {
    let module = global.module
    let package = String(module.prefix { $0 != "." })
    if Self.functionBuilders.contains(global) {
      self = .functionByValue
    } else if Self.fileWrappers.contains(global) {
      self = .externalFile
    } else if StandardLibrary.isFormer(module), Self.isClass(global.name) {
      self = .own
    } else if module != "__main__", StandardLibrary.contains(module) {
      self = InertNames.isValue(global) ? .inert : .standardLibrary
    } else if Self.reaches(global) {
      self = .reaching
    } else if module == "__main__" || module.isEmpty {
      // A notebook or a training script; what Python defines there is not the author's.
      self = Self.builtins.contains(global.name) ? .standardLibrary : .own
    } else if Self.estimatorLibraries.contains(package) || module == "_loss" {
      self = Self.isClass(global.name) || Effects.rebuilds(global.name) ? .estimator : .libraryFunction
    } else if Self.tools.contains(package) || Self.libraries.contains(package) {
      self = Self.isClass(global.name) || Effects.rebuilds(global.name) ? .libraryClass : .libraryFunction
    } else {
      self = .own
    }
  }

  /// Whether the package is one whose functions load, install, start or fetch.
  static func isTool(_ global: PickleGlobal) -> Bool {
    tools.contains(String(global.module.prefix { $0 != "." }))
  }

  /// Whether the name is spelled as classes are: `DataFrame`, `_Block`.
  static func isClass(_ name: String) -> Bool {
    guard let first = name.drop(while: { $0 == "_" }).first else { return false }
    return first.isUppercase && !name.contains(".") && !isSpecial(name)
  }

  /// Whether the name is Python's own protocol: `__globals__`, and not what Cython writes.
  private static func isSpecial(_ name: some StringProtocol) -> Bool {
    name.hasPrefix("__") && !name.hasPrefix("__pyx_unpickle_")
      && (name.hasSuffix("__") || name == "__builtins")
  }

  /// A dotted name walks through attributes: a class inside a class, or its method, is the author's own; all
  /// else reaches into what a module or function happens to hold.
  private static func reaches(_ global: PickleGlobal) -> Bool {
    let parts = global.name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 1 else {
      return isSpecial(global.name) || reachable.contains(global.name)
    }
    guard let last = parts.last, parts.dropLast().allSatisfy({ isClass(String($0)) }) else { return true }
    return parts.contains { isSpecial($0) } || last.isEmpty || frameAttributes.contains(String(last))
  }

  /// Modules that a module of the author's may have imported, and so lends to a pickle by its name.
  private static let reachable: Set<String> = [
    "os", "sys", "subprocess", "builtins", "__builtins__", "importlib", "shutil", "socket", "ctypes", "pty",
    "posix", "nt", "runpy", "marshal", "pickle", "cPickle", "_pickle", "commands", "popen2", "codecs",
    "system",
    "popen", "exec", "execfile", "execv", "execve", "spawnl", "spawnv", "check_output", "getoutput",
    "getstatusoutput", "Popen", "import_module",
  ]

  private static let frameAttributes: Set<String> = [
    "f_globals", "f_builtins", "f_locals", "f_back", "func_globals", "func_code", "im_func", "gi_frame",
    "gi_code", "cr_frame", "tb_frame", "co_consts", "mro",
  ]

  /// What `__main__` has without anybody having defined it there.
  private static let builtins: Set<String> = Set(
    """
    abs aiter all anext any apply ascii bin breakpoint buffer callable chr cmp coerce compile copyright credits \
    delattr dir divmod enumerate eval exec execfile exit file filter format getattr globals hasattr hash help \
    hex id input intern isinstance issubclass iter len license locals map max memoryview min next oct open ord \
    pow print quit raw_input reduce reload repr reversed round setattr sorted sum super type vars zip
    """.split(separator: " ").map(String.init))

  private static let estimatorLibraries: Set<String> = [
    "sklearn", "xgboost", "lightgbm", "catboost", "imblearn", "sktime", "category_encoders", "feature_engine",
    "mlxtend", "interpret", "skopt", "hdbscan", "umap", "pygam", "lifelines", "sksurv", "tslearn",
    "skmultilearn",
    "dask_ml", "flaml", "tpot", "autosklearn", "pycaret", "optuna", "hyperopt", "shap", "lime", "prophet",
    "fbprophet", "pmdarima", "statsforecast", "sklearn_pandas", "skorch", "river", "implicit", "surprise",
    "lightfm", "pyod", "kmodes", "econml", "causalml", "ngboost", "rgf", "thundersvm", "cuml", "onedal",
    "daal4py", "sklearnex", "sentence_transformers",
  ]

  /// Libraries whose objects honest models hold, and whose functions may read files or run code.
  private static let libraries: Set<String> = [
    "numpy", "scipy", "pandas", "torch", "torchvision", "torchaudio", "tensorflow", "keras", "jax", "jaxlib",
    "flax", "transformers", "tokenizers", "statsmodels", "polars", "pyarrow", "numba", "matplotlib", "nltk",
    "spacy", "thinc", "gensim", "pydantic", "pydantic_core", "attr", "attrs", "six", "dask", "pyspark",
    "onnx",
    "sqlalchemy", "jinja2", "yaml", "ruamel", "narwhals", "pytz", "dateutil", "tzlocal", "networkx", "sympy",
    "xarray", "PIL", "cv2", "skimage", "bs4", "lxml", "regex", "patsy", "formulaic", "threadpoolctl",
    "packaging", "typing_extensions", "cupy", "cudf", "rpy2", "h5py", "tables", "zarr", "marshmallow",
    "bitarray",
    "google", "theano", "pytensor", "pymc", "mxnet", "fastai", "pytorch_lightning",
    "lightning", "timm", "diffusers", "accelerate", "datasets", "safetensors", "sparse", "seaborn", "plotly",
    "immutables", "frozendict", "multidict", "sortedcontainers", "toolz", "cytoolz", "markupsafe",
  ]

  /// Libraries that load, install, start or fetch: nothing of them belongs in a model.
  private static let tools: Set<String> = [
    "joblib", "cloudpickle", "dill", "huggingface_hub", "onnxruntime", "skops", "mlflow", "cffi",
    "distributed", "ray", "IPython", "ipykernel", "pip", "setuptools", "pkg_resources", "wheel",
    "_distutils_hack", "requests", "urllib3", "httpx", "aiohttp", "psutil", "paramiko", "fabric", "invoke",
    "sh", "plumbum", "pexpect", "ptyprocess", "click", "django", "flask", "werkzeug", "celery", "fsspec",
    "s3fs", "gcsfs", "adlfs", "boto", "boto3", "botocore", "tqdm", "pytest", "_pytest", "py", "nose",
    "Cython",
    "pyximport", "execnet", "twisted", "tornado", "zmq", "jsonpickle", "srsly", "pathos", "multiprocess",
    "ppft", "pox", "loky", "gunicorn", "uvicorn", "fastapi", "starlette", "asyncssh", "docker", "kubernetes",
    "git", "virtualenv", "conda", "pipenv", "twine", "hypothesis",
    "ipdb", "pudb", "bpython", "ptpython", "prompt_toolkit", "cmd2", "typer", "easy_install",
    "openai", "langchain", "langchain_core", "llama_index", "gradio", "streamlit", "jupyter_client",
    "jupyter_core", "nbconvert", "nbformat", "nbclient", "sqlite_utils", "psycopg2", "pymysql", "MySQLdb",
    "redis", "pymongo", "pyodbc", "win32api", "win32com", "win32process", "pythoncom", "pywintypes", "wmi",
    "comtypes", "gevent", "eventlet", "greenlet", "torchrun", "asgiref", "shelljob", "pickle5",
    "zstandard", "peewee", "mako", "chameleon", "tensorboard", "wandb", "comet_ml", "neptune", "clearml",
  ]

  private static let functionBuilders: Set<PickleGlobal> = {
    let makers = [
      "_make_function", "_make_skel_func", "_fill_function", "_function_setstate", "_make_empty_cell",
      "_make_cell", "_make_skeleton_class", "_make_skeleton_enum", "_make_typevar", "_class_setstate",
      "_builtin_type", "_gen_ellipsis", "_gen_not_implemented", "subimport", "dynamic_subimport",
      "_get_cell_contents", "_empty_cell_value", "_property_reconstruct", "_rehydrate_skeleton_class",
      "_make__new__factory", "_decompose_typevar", "_get_or_create_tracker_id", "_make_dict_keys",
      "_make_dict_values", "_make_dict_items", "instance", "_cell_set", "_get_dataclass_field_type_sentinel",
      "_lookup_class_or_track",
    ]
    var builders: Set<PickleGlobal> = []
    for module in [
      "cloudpickle.cloudpickle", "cloudpickle.cloudpickle_fast", "joblib.externals.cloudpickle.cloudpickle",
      "joblib.externals.cloudpickle.cloudpickle_fast", "pyspark.cloudpickle.cloudpickle",
      "pyspark.cloudpickle.cloudpickle_fast", "pyspark.cloudpickle", "pyspark.serializers",
      "ray.cloudpickle.cloudpickle", "ray.cloudpickle.cloudpickle_fast",
    ] {
      for name in makers { builders.insert(PickleGlobal(module: module, name: name)) }
    }
    for module in ["dill._dill", "dill.dill"] {
      for name in [
        "_create_function", "_create_code", "_create_cell", "_create_type", "_load_type", "_import_module",
        "_create_namedtuple", "_setitems", "_setattr", "_create_array", "_create_lock", "_create_rlock",
        "_create_weakref",
      ] {
        builders.insert(PickleGlobal(module: module, name: name))
      }
    }
    for name in ["_dill", "_dill._setattr"] { builders.insert(PickleGlobal(module: "dill", name: name)) }
    return builders
  }()

  /// Whether the call makes a class from its code, of which an honest stream then makes instances.
  static func makesClass(_ global: PickleGlobal) -> Bool {
    functionBuilders.contains(global) && classMakers.contains(global.name)
  }

  private static let classMakers: Set<String> = [
    "_make_skeleton_class", "_make_skeleton_enum", "_create_type", "_create_namedtuple",
    "_rehydrate_skeleton_class",
  ]

  /// The types that cloudpickle looks up by name and calls to make a function; alone they have no effect.
  static let functionTypes: Set<PickleGlobal> = [
    PickleGlobal(module: "types", name: "CodeType"), PickleGlobal(module: "types", name: "CellType"),
    PickleGlobal(module: "types", name: "FunctionType"), PickleGlobal(module: "types", name: "LambdaType"),
    // The fields of a named tuple; what a dataclass has as `__replace__` from Python 3.13 on, and what its
    // `__repr__` asks so as not to go in circles.
    PickleGlobal(module: "collections", name: "_tuplegetter"),
    PickleGlobal(module: "dataclasses", name: "_replace"),
    PickleGlobal(module: "_thread", name: "get_ident"),
  ]

  private static let fileWrappers: Set<PickleGlobal> = [
    PickleGlobal(module: "joblib.numpy_pickle", name: "NDArrayWrapper"),
    PickleGlobal(module: "joblib.numpy_pickle", name: "ZNDArrayWrapper"),
    PickleGlobal(module: "joblib.numpy_pickle_compat", name: "NDArrayWrapper"),
    PickleGlobal(module: "joblib.numpy_pickle_compat", name: "ZNDArrayWrapper"),
    PickleGlobal(module: "sklearn.externals.joblib.numpy_pickle", name: "NDArrayWrapper"),
    PickleGlobal(module: "sklearn.externals.joblib.numpy_pickle", name: "ZNDArrayWrapper"),
  ]
}
