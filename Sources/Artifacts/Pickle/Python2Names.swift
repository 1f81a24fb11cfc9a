/// The names that Python 3 puts in place of Python 2's when it loads a pickle of protocol 0, 1 or 2.
///
/// From `_compat_pickle.py` of CPython (`IMPORT_MAPPING` and `NAME_MAPPING`). A scanner that leaves it out sees
/// `__builtin__.reduce` and lets `functools.reduce` through.
enum Python2Names {
  /// The name that a loader looks up in place of `global`.
  static func current(_ global: PickleGlobal) -> PickleGlobal {
    if let renamed = names[global] { return renamed }
    guard let module = modules[global.module] else { return global }
    return PickleGlobal(module: module, name: global.name)
  }

  private static let modules: [String: String] = [
    "BaseHTTPServer": "http.server", "CGIHTTPServer": "http.server", "ConfigParser": "configparser",
    "Cookie": "http.cookies", "Dialog": "tkinter.dialog", "DocXMLRPCServer": "xmlrpc.server",
    "FileDialog": "tkinter.filedialog", "HTMLParser": "html.parser", "Queue": "queue",
    "ScrolledText": "tkinter.scrolledtext", "SimpleDialog": "tkinter.simpledialog",
    "SimpleHTTPServer": "http.server", "SimpleXMLRPCServer": "xmlrpc.server", "SocketServer": "socketserver",
    "StringIO": "io", "Tix": "tkinter.tix", "Tkconstants": "tkinter.constants", "Tkdnd": "tkinter.dnd",
    "Tkinter": "tkinter", "UserDict": "collections", "UserList": "collections", "UserString": "collections",
    "__builtin__": "builtins", "_abcoll": "collections.abc", "_elementtree": "xml.etree.ElementTree",
    "_winreg": "winreg", "anydbm": "dbm", "cPickle": "pickle", "cStringIO": "io", "commands": "subprocess",
    "cookielib": "http.cookiejar", "copy_reg": "copyreg", "dbhash": "dbm.bsd", "dbm": "dbm.ndbm",
    "dumbdbm": "dbm.dumb", "dummy_thread": "_dummy_thread", "gdbm": "dbm.gnu",
    "htmlentitydefs": "html.entities", "httplib": "http.client", "markupbase": "_markupbase",
    "repr": "reprlib", "robotparser": "urllib.robotparser", "test.test_support": "test.support",
    "thread": "_thread", "tkColorChooser": "tkinter.colorchooser", "tkCommonDialog": "tkinter.commondialog",
    "tkFileDialog": "tkinter.filedialog", "tkFont": "tkinter.font", "tkMessageBox": "tkinter.messagebox",
    "tkSimpleDialog": "tkinter.simpledialog", "ttk": "tkinter.ttk", "urllib2": "urllib.request",
    "urlparse": "urllib.parse", "whichdb": "dbm", "xmlrpclib": "xmlrpc.client",
  ]

  private static let names: [PickleGlobal: PickleGlobal] = {
    var names: [PickleGlobal: PickleGlobal] = [:]
    for entry in renamed {
      names[PickleGlobal(module: entry.0, name: entry.1)] = PickleGlobal(module: entry.2, name: entry.3)
    }
    for name in exceptions.split(separator: " ") {
      names[PickleGlobal(module: "exceptions", name: String(name))] =
        PickleGlobal(module: "builtins", name: String(name))
    }
    return names
  }()

  /// Old module and name, new module and name.
  private static let renamed: [(String, String, String, String)] = [
    ("__builtin__", "xrange", "builtins", "range"),
    ("__builtin__", "reduce", "functools", "reduce"),
    ("__builtin__", "intern", "sys", "intern"),
    ("__builtin__", "unichr", "builtins", "chr"),
    ("__builtin__", "unicode", "builtins", "str"),
    ("__builtin__", "long", "builtins", "int"),
    ("itertools", "izip", "builtins", "zip"),
    ("itertools", "imap", "builtins", "map"),
    ("itertools", "ifilter", "builtins", "filter"),
    ("itertools", "ifilterfalse", "itertools", "filterfalse"),
    ("itertools", "izip_longest", "itertools", "zip_longest"),
    ("UserDict", "IterableUserDict", "collections", "UserDict"),
    ("UserList", "UserList", "collections", "UserList"),
    ("UserString", "UserString", "collections", "UserString"),
    ("whichdb", "whichdb", "dbm", "whichdb"),
    ("_socket", "fromfd", "socket", "fromfd"),
    ("_multiprocessing", "Connection", "multiprocessing.connection", "Connection"),
    ("multiprocessing.process", "Process", "multiprocessing.context", "Process"),
    ("multiprocessing.forking", "Popen", "multiprocessing.popen_fork", "Popen"),
    ("urllib", "ContentTooShortError", "urllib.error", "ContentTooShortError"),
    ("urllib", "getproxies", "urllib.request", "getproxies"),
    ("urllib", "pathname2url", "urllib.request", "pathname2url"),
    ("urllib", "quote_plus", "urllib.parse", "quote_plus"),
    ("urllib", "quote", "urllib.parse", "quote"),
    ("urllib", "unquote_plus", "urllib.parse", "unquote_plus"),
    ("urllib", "unquote", "urllib.parse", "unquote"),
    ("urllib", "url2pathname", "urllib.request", "url2pathname"),
    ("urllib", "urlcleanup", "urllib.request", "urlcleanup"),
    ("urllib", "urlencode", "urllib.parse", "urlencode"),
    ("urllib", "urlopen", "urllib.request", "urlopen"),
    ("urllib", "urlretrieve", "urllib.request", "urlretrieve"),
    ("urllib2", "HTTPError", "urllib.error", "HTTPError"),
    ("urllib2", "URLError", "urllib.error", "URLError"),
    ("multiprocessing", "AuthenticationError", "multiprocessing.context", "AuthenticationError"),
    ("multiprocessing", "BufferTooShort", "multiprocessing.context", "BufferTooShort"),
    ("multiprocessing", "ProcessError", "multiprocessing.context", "ProcessError"),
    ("multiprocessing", "TimeoutError", "multiprocessing.context", "TimeoutError"),
    ("__builtin__", "basestring", "builtins", "str"),
    ("exceptions", "StandardError", "builtins", "Exception"),
    ("UserDict", "UserDict", "collections", "UserDict"),
    ("socket", "_socketobject", "socket", "SocketType"),
  ]

  /// Exceptions that moved from `exceptions` to `builtins`.
  private static let exceptions = """
    ArithmeticError AssertionError AttributeError BaseException BufferError BytesWarning \
    DeprecationWarning EOFError EnvironmentError Exception FloatingPointError FutureWarning \
    GeneratorExit IOError ImportError ImportWarning IndentationError IndexError KeyError \
    KeyboardInterrupt LookupError MemoryError NameError NotImplementedError OSError OverflowError \
    PendingDeprecationWarning ReferenceError RuntimeError RuntimeWarning StopIteration SyntaxError \
    SyntaxWarning SystemError SystemExit TabError TypeError UnboundLocalError UnicodeDecodeError \
    UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning \
    ZeroDivisionError
    """
}
