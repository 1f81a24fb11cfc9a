import Artifacts
import Domain

/// YAML: tags that call, aliases that multiply, and the configuration in it.
enum YAMLFormat: InspectedFormat {
  static let name = "yaml"

  static func claim(_ bytes: ArraySlice<UInt8>) -> FormatClaim? {
    !bytes.isEmpty && TextFormat.isText(bytes.prefix(512)) ? .possible : nil
  }

  static func inspect(_ subject: Subject, in walk: inout InspectionWalk) -> Inspected? {
    let scan = YAMLScan.read(subject.bytes)
    let dangers = walk.judge(scan, subject)
    guard dangers || isYAML(scan) else { return nil }
    walk.reportSecrets(in: subject.bytes, of: subject)
    for entry in scan.entries where entry.path.last == "chat_template" {
      walk.report(
        TemplateJudge.findings(
          of: Array(entry.value.utf8)[...], named: "the template at byte \(entry.offset)", in: subject))
    }
    return Inspected(name, .data("YAML"))
  }

  /// Whether a text is more names with values than prose.
  private static func isYAML(_ scan: YAMLScan) -> Bool {
    scan.keyCount > 0 && (scan.isMarked || scan.keyCount > 2 * scan.proseCount)
      || scan.isMarked && !scan.entries.isEmpty && scan.proseCount <= 1
  }
}

extension InspectionWalk {
  /// Says what the tags and aliases of a YAML text do; returns whether any of it is dangerous.
  fileprivate mutating func judge(_ scan: YAMLScan, _ subject: Subject) -> Bool {
    var isDangerous = false
    if let offset = scan.tooDeep, scan.isMarked || scan.keyCount > 0 || scan.entries.isEmpty {
      report(.yamlDepth, "expected at most \(YAMLScan.depthLimit) levels, found more", subject, at: offset)
      isDangerous = true
    }
    if let offset = scan.bomb {
      report(
        .yamlBomb, "expected at most \(YAMLScan.expansionLimit) values with all aliases followed, found more",
        subject,
        at: offset)
      isDangerous = true
    }
    // In prose, `*this*` stands for nothing.
    if let offset = scan.cycle, scan.keyCount > 0 || scan.isMarked {
      report(.yamlBomb, "expected an alias of what came before, found one inside itself", subject, at: offset)
      isDangerous = true
    }
    var locals: Set<String> = []
    for tag in scan.tags {
      let spelled = "'\(tag.text.escaped(limit: 120))'"
      switch YAMLTagMeaning(tag.text) {
      case .value: continue
      case .calls(let what):
        report(.yamlTag, "would \(what) by the tag \(spelled)", subject, at: tag.offset)
        isDangerous = true
      case .unknown:
        guard scan.keyCount > 0 || scan.isMarked, locals.count < 10, locals.insert(tag.text).inserted else {
          continue
        }
        report(.yamlLocalTag, "expected YAML's own types, found the tag \(spelled)", subject, at: tag.offset)
      }
    }
    return isDangerous
  }
}

/// What a reader of YAML with all its constructors makes of a tag.
enum YAMLTagMeaning: Equatable {
  /// A plain value.
  case value
  /// It imports, makes or calls something, in words.
  case calls(String)
  /// Whatever the author's program makes of it.
  case unknown

  init(_ tag: String) {
    if let rest = tag.removing("tag:yaml.org,2002:") {
      self = Self.standard(rest)
    } else if let rest = tag.removing("!python/") ?? tag.removing("python/") {
      self = Self.python(rest)
    } else if Self.foreign.contains(where: { tag.hasPrefix($0) }) {
      self = .calls("make an object of another language's")
    } else {
      self = .unknown
    }
  }

  private static func standard(_ rest: String) -> YAMLTagMeaning {
    if values.contains(rest) { return .value }
    if let rest = rest.removing("python/") { return python(rest) }
    // What a reader in Java takes for the name of a class.
    if rest.contains(".") { return .calls("make an instance of the class '\(rest.escaped(limit: 80))'") }
    let language = rest.prefix { $0 != "/" }
    if ["js", "perl", "ruby", "php", "java"].contains(String(language)), rest.contains("/") {
      return .calls("make an object of another language's")
    }
    return .unknown
  }

  private static func python(_ rest: String) -> YAMLTagMeaning {
    let kind = rest.prefix { $0 != ":" }
    let name = String(rest.dropFirst(kind.count + 1))
    if pythonValues.contains(String(kind)) { return .value }
    let what: String
    switch kind {
    case "name": what = "import"
    case "module": what = "import"
    case "object/apply": what = "call"
    case "object/new", "object": what = "make an instance of"
    default: return .unknown
    }
    let global = kind == "module" ? PickleGlobal(module: name, name: "") : PickleGlobal(dotted: name)
    if harmless.contains(name) { return .unknown }
    // A name without a module is one of Python's builtins.
    if kind != "module", !name.contains(".") { return .calls("\(what) builtins.\(name.escaped(limit: 80))") }
    return NameOrigin(global).hasEffects ? .calls("\(what) \(name.escaped(limit: 80))") : .unknown
  }

  private static let values: Set<String> = [
    "str", "int", "float", "bool", "null", "map", "seq", "set", "omap", "pairs", "binary", "timestamp",
    "merge",
    "value", "yaml",
  ]

  private static let pythonValues: Set<String> = [
    "tuple", "str", "unicode", "int", "long", "float", "complex", "none", "bool", "bytes", "list", "dict",
  ]

  /// Classes of the standard library whose instances are values.
  private static let harmless: Set<String> = [
    "argparse.Namespace", "collections.OrderedDict", "collections.defaultdict", "collections.Counter",
    "collections.deque", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta",
    "datetime.timezone", "decimal.Decimal", "fractions.Fraction", "uuid.UUID", "pathlib.Path",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath", "pathlib.WindowsPath", "pathlib.PureWindowsPath", "types.SimpleNamespace",
    "builtins.set", "builtins.frozenset", "builtins.slice", "builtins.range",
  ]

  private static let foreign = [
    "!ruby/", "tag:ruby.yaml.org", "!java", "!!java", "!php/", "!perl/", "!System.", "!Microsoft.", "!js/",
    "System.",
  ]
}

extension String {
  /// The text behind a prefix; nil where it does not begin so.
  fileprivate func removing(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
