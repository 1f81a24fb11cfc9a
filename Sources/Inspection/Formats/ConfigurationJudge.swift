import Artifacts
import Domain
import Encoding

/// Looks through a configuration for what it would have its reader do: run code beside the model, render a
/// template, open a file, make Python objects.
struct ConfigurationJudge {
  private let subject: Subject
  private var findings: [Finding] = []

  /// The findings in one JSON text.
  static func findings(of root: JSON, in subject: Subject) -> [Finding] {
    var judge = ConfigurationJudge(subject: subject)
    // Not a recursive walk: the text may nest as deep as its reader lets it.
    var waiting: [(path: String, value: JSON)] = [("", root)]
    while let (path, value) = waiting.popLast() {
      switch value {
      case .object(let members):
        judge.judge(members, at: path)
        for (name, member) in members where member.isContainer {
          waiting.append((judge.path(path, name), member))
        }
      case .array(let elements):
        for (index, element) in elements.enumerated() where element.isContainer {
          waiting.append((judge.path(path, "\(index)"), element))
        }
      default: break
      }
    }
    return judge.findings.sorted { $0.message < $1.message }
  }

  private init(subject: Subject) {
    self.subject = subject
  }

  /// A JSON pointer, cut where somebody nests long names to fill the memory.
  private func path(_ path: String, _ name: String) -> String {
    path.utf8.count > 100 ? path : path + "/" + name.escaped(limit: 60)
  }

  private mutating func judge(_ members: [String: JSON], at path: String) {
    if let map = members["auto_map"] { judgeCode(map, named: "auto_map", path) }
    if let pipelines = members["custom_pipelines"] { judgeCode(pipelines, named: "custom_pipelines", path) }
    if members["trust_remote_code"]?.bool == true {
      add(
        .configRemoteCode,
        "expected a model that needs no code of its own, found 'trust_remote_code' at '\(path)'")
    }
    if let template = members["chat_template"] { judgeTemplate(template, self.path(path, "chat_template")) }
    if let files = members["weight_map"]?.object { judgeFiles(files) }
    judgeObjects(members, path)
  }

  // MARK: Code beside the model

  private mutating func judgeCode(_ value: JSON, named name: String, _ path: String) {
    var names: [String] = []
    var waiting = [value]
    while let value = waiting.popLast(), names.count < 4 {
      switch value {
      case .string(let text): names.append("'\(text.escaped(limit: 80))'")
      case .array(let elements): waiting += elements.prefix(16)
      case .object(let members): waiting += members.sorted { $0.key > $1.key }.prefix(16).map(\.value)
      default: break
      }
    }
    guard !names.isEmpty else { return }
    add(
      .configRemoteCode,
      "expected classes of the library, found '\(name)' at '\(path)' with \(names.joined(separator: ", "))")
  }

  // MARK: Templates

  private mutating func judgeTemplate(_ value: JSON, _ path: String) {
    switch value {
    case .string(let text): judgeTemplate(text, path)
    case .array(let entries):
      for (index, entry) in entries.enumerated() {
        if let text = entry["template"]?.string ?? entry.string {
          judgeTemplate(text, self.path(path, "\(index)"))
        }
      }
    case .object(let entries):
      for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
        if let text = entry.string { judgeTemplate(text, self.path(path, name)) }
      }
    default: break
    }
  }

  private mutating func judgeTemplate(_ text: String, _ path: String) {
    findings += TemplateJudge.findings(
      of: Array(text.utf8)[...], named: "the template at '\(path)'", in: subject)
  }

  // MARK: Files

  private mutating func judgeFiles(_ files: [String: JSON]) {
    var said: Set<String> = []
    for (name, value) in files.sorted(by: { $0.key < $1.key }) {
      guard let file = value.string, !OutsidePath.isInside(file), said.count < 10, said.insert(file).inserted
      else { continue }
      add(
        .jsonPath,
        "expected a file beside the index, found '\(file.escaped(limit: 120))' for '\(name.escaped(limit: 80))'"
      )
    }
  }

  // MARK: Python objects

  private mutating func judgeObjects(_ members: [String: JSON], _ path: String) {
    for name in ["py/reduce", "py/repr", "py/newobj", "py/newargs", "py/newargsex"] where members[name] != nil
    {
      let isCall = name == "py/reduce" || name == "py/repr"
      guard isCall else { continue }
      add(.jsonObject, "would have jsonpickle call what '\(name)' at '\(path)' names")
    }
    for name in ["py/object", "py/function", "py/type", "py/class", "py/mod"] {
      guard let text = members[name]?.string else { continue }
      let global = PickleGlobal(dotted: text)
      if NameOrigin(global).hasEffects {
        add(
          .jsonObject, "would have jsonpickle import '\(text.escaped(limit: 120))' by '\(name)' at '\(path)'")
      } else {
        add(
          .configRemoteCode,
          "expected plain values, found '\(name)' at '\(path)' with '\(text.escaped(limit: 120))'")
      }
    }
  }

  private mutating func add(_ rule: Rule, _ message: String) {
    guard findings.count < 100 else { return }
    findings.append(rule.finding(message, member: subject.member))
  }
}

extension JSON {
  fileprivate var isContainer: Bool {
    switch self {
    case .array(let elements): !elements.isEmpty
    case .object(let members): !members.isEmpty
    default: false
    }
  }
}

extension PickleGlobal {
  /// The module and the name of `os.path.join`: all up to the last point, and the rest.
  init(dotted text: String) {
    guard let point = text.lastIndex(of: ".") else {
      self.init(module: text, name: "")
      return
    }
    self.init(module: String(text[..<point]), name: String(text[text.index(after: point)...]))
  }
}

/// Paths that an artifact names, and whether they stay where the artifact is.
enum OutsidePath {
  /// Whether a relative path stays in the folder that it is relative to, on any system.
  static func isInside(_ path: String) -> Bool {
    let bytes = Array(path.utf8)
    guard let first = bytes.first, first != UInt8(ascii: "/"), first != UInt8(ascii: "\\"),
      first != UInt8(ascii: "~")
    else { return false }
    guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return false }
    // A drive letter, or the scheme of an address.
    if bytes.dropFirst().first == UInt8(ascii: ":") || path.contains("://") { return false }
    if path.contains("$") || path.contains("%2e") || path.contains("%2E") { return false }
    return !bytes.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") })
      .contains { $0.elementsEqual("..".utf8) }
  }
}
