import Artifacts
import Domain
import Encoding

/// Judges a Keras configuration: the JSON from which loading builds a model, whatever file it stands in.
///
/// Loading goes through it and imports and calls what `module` and `class_name` say, so every object of it is
/// looked at, also where Keras would not look today.
struct KerasJudge {
  /// A place in the configuration, spelled only when it is shown.
  private struct Place {
    let parent: Int
    let name: String
  }

  /// How many findings one configuration leads to; behind the first hundred there is nothing new.
  private static let findingLimit = 100

  let subject: Subject
  /// Where the text stands in the file.
  let offset: Int?
  private(set) var findings: [Finding] = []
  private var places: [Place] = []
  private var custom: Set<String> = []
  private var dangerousCount = 0

  private init(_ subject: Subject, at offset: Int?) {
    self.subject = subject
    self.offset = offset
  }

  /// Whether a JSON value is a Keras model or layer: `{"class_name": …, "config": …}`.
  static func isConfiguration(_ json: JSON) -> Bool {
    json["class_name"]?.string != nil && json["config"] != nil
  }

  /// The findings about a configuration that was read already.
  static func findings(of json: JSON, in subject: Subject, at offset: Int? = nil) -> [Finding] {
    var judge = KerasJudge(subject, at: offset)
    judge.walk(json)
    return judge.findings
  }

  /// The findings about the text of a configuration, and its JSON where it is that.
  static func findings(ofText text: ArraySlice<UInt8>, in subject: Subject, at offset: Int? = nil)
    -> (findings: [Finding], json: JSON?)
  {
    do throws(MalformedJSON) {
      let json = try KerasText.parse(text)
      return (findings(of: json, in: subject, at: offset), json)
    } catch {
      let rule: Rule =
        if error.expected.hasSuffix(" levels") { .kerasDepth } else if error.expected.hasSuffix(" values") {
          .kerasBudget
        } else if error.expected.hasPrefix("each name once") { .kerasDuplicate } else { .kerasMalformed }
      let place = offset == nil ? error.offset : offset
      var findings = [rule.finding("\(error)".escaped(limit: 300), member: subject.member, offset: place)]
      // What can be kept of a flood is looked at all the same, so that nothing hides behind it.
      if rule.id == Rule.kerasBudget.id, let outline = try? JSONOutline.read(text) {
        findings += Self.findings(of: outline.root, in: subject, at: offset)
      }
      return (findings, nil)
    }
  }

  private mutating func walk(_ root: JSON) {
    places.append(Place(parent: -1, name: ""))
    var waiting = [(value: root, place: 0)]
    while let (value, place) = waiting.popLast() {
      switch value {
      case .object(let members):
        judge(members, at: place)
        for (name, member) in members.sorted(by: { $0.key > $1.key }) where member.isContainer {
          places.append(Place(parent: place, name: name))
          waiting.append((member, places.count - 1))
        }
      case .array(let items):
        for (index, item) in items.enumerated().reversed() where item.isContainer {
          places.append(Place(parent: place, name: String(index)))
          waiting.append((item, places.count - 1))
        }
      default: break
      }
    }
  }

  private mutating func judge(_ members: [String: JSON], at place: Int) {
    if members["function_type"]?.string == "lambda" || members["output_shape_type"]?.string == "lambda"
      || members["mask_type"]?.string == "lambda"
    {
      judgeCode(.object(members), at: place)
    }
    judgeSizes(members, at: place)
    guard let name = members["class_name"]?.string else { return }
    let module = members["module"]?.string
    let inner = members["config"] ?? .null
    switch name {
    case "__lambda__": judgeCode(inner, at: place)
    case "function": judgeFunction(inner.string ?? "", module, members, at: place)
    case "__typespec__":
      judgeClass(members["spec_name"]?.string ?? "", module, members, at: place)
    case "Lambda": judgeLambda(inner, module, members, at: place)
    default:
      if KerasNames.literals.contains(name), (module ?? "").isEmpty { return }
      judgeClass(name, module, members, at: place)
      judgeFiles(name, inner, at: place)
    }
  }

  private mutating func judgeClass(
    _ name: String, _ module: String?, _ members: [String: JSON], at place: Int
  ) {
    // Files and modules of a class that reads them are said where that is looked at.
    if KerasJudge.reading.contains(name), KerasOrigin.ofClass("Dense", module: module) != .injected { return }
    judge(KerasOrigin.ofClass(name, module: module), "class", name, module, members, at: place)
  }

  private mutating func judgeFunction(
    _ name: String, _ module: String?, _ members: [String: JSON], at place: Int
  ) {
    judge(KerasOrigin.ofFunction(name, module: module), "function", name, module, members, at: place)
  }

  private mutating func judge(
    _ origin: KerasOrigin, _ what: String, _ name: String, _ module: String?, _ members: [String: JSON],
    at place: Int
  ) {
    // Keras writes `builtins` for every function, as the type of functions is one.
    let isType = what == "function" && module == "builtins" && origin != .injected
    let full = isType ? name : (module.map { $0.isEmpty ? "" : $0 + "." } ?? "") + name
    let spelled = full.escaped(limit: 200)
    let arguments = members["config"].map { KerasText.describe($0) } ?? ""
    switch origin {
    case .known:
      // A name of Keras's own that says it is registered is looked up among what is registered first.
      guard let registered = members["registered_name"]?.string, registered.contains(">") else { return }
      addCustom(registered, at: place)
    case .injected:
      add(.kerasInjection, "would import \(spelled) on load and call it with \(arguments)", at: place)
    case .loader:
      add(.kerasLoader, "would call \(spelled) on load, which builds no model, with \(arguments)", at: place)
    case .custom: addCustom(full, at: place)
    }
  }

  private mutating func addCustom(_ name: String, at place: Int) {
    guard custom.count < Self.findingLimit, custom.insert(name).inserted else { return }
    add(.kerasCustom, "runs code of its own on load: \(name.escaped(limit: 200))", at: place)
  }

  /// A Lambda layer: its function as code, as an object of its own, or by name.
  private mutating func judgeLambda(
    _ inner: JSON, _ module: String?, _ members: [String: JSON], at place: Int
  ) {
    let origin = KerasOrigin.ofClass("Dense", module: module)
    if origin != .known { judge(origin, "class", "Lambda", module, members, at: place) }
    switch inner["function"] {
    case .array?: if inner["function_type"]?.string != "lambda" { judgeCode(inner, at: place) }
    case .string(let name)? where inner["function_type"]?.string != "lambda":
      judgeFunction(name, inner["module"]?.string, ["config": inner["arguments"] ?? .null], at: place)
    default: break
    }
    for key in ["output_shape", "mask"] {
      guard let name = inner[key]?.string, let module = inner["\(key)_module"]?.string else { continue }
      judgeFunction(name, module, [:], at: place)
    }
  }

  private mutating func judgeCode(_ value: JSON, at place: Int) {
    guard dangerousCount < Self.findingLimit else { return }
    var words: [String] = []
    for text in value.longStrings(limit: 4) where words.isEmpty { words = KerasText.words(inBase64: text) }
    let about = words.isEmpty ? "" : ", with the words " + words.map { "'\($0)'" }.joined(separator: " ")
    add(
      .kerasLambda, "carries the byte code of a function, run on load or on the first row\(about)", at: place)
  }

  private mutating func add(_ rule: Rule, _ message: String, at place: Int) {
    if rule.verdict == .dangerous {
      dangerousCount += 1
      guard dangerousCount <= Self.findingLimit else { return }
    }
    findings.append(
      rule.finding("\(message) at \(pointer(place))", member: subject.member, offset: offset))
  }

  /// The place as a JSON Pointer.
  private func pointer(_ place: Int) -> String {
    var names: [String] = []
    var current = place
    while current > 0, names.count < 64 {
      names.append(places[current].name.escaped(limit: 60))
      current = places[current].parent
    }
    return names.isEmpty ? "the top" : "/" + names.reversed().joined(separator: "/")
  }
}

extension KerasJudge {
  /// Classes that read something else on load.
  private static let reading: Set<String> = [
    "TFSMLayer", "TorchModuleWrapper", "StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization",
    "TextFileInitializer", "KerasLayer",
  ]

  /// What a class would read besides the file that it stands in.
  private mutating func judgeFiles(_ name: String, _ inner: JSON, at place: Int) {
    switch name {
    case "TFSMLayer":
      let path = inner["filepath"].map { KerasText.describe($0) } ?? "a path"
      add(.kerasSavedModel, "would load the SavedModel \(path), with whatever operations it holds", at: place)
    case "TorchModuleWrapper":
      add(.kerasTorchModule, "would unpickle a PyTorch module on load", at: place)
    case "StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization":
      guard let path = inner["vocabulary"]?.string else { return }
      judgePath(path, "vocabulary", at: place)
    case "TextFileInitializer", "TextFileStringTableInitializer", "TextFileIdTableInitializer":
      judgePath(inner["filename"]?.string ?? inner["vocabulary_file"]?.string ?? "", "table", at: place)
    case "KerasLayer":
      addCustom("KerasLayer(handle: \(inner["handle"].map { KerasText.describe($0) } ?? "none"))", at: place)
    default: break
    }
  }

  private mutating func judgePath(_ path: String, _ what: String, at place: Int) {
    let spelled = "'\(path.escaped(limit: 200))'"
    let reachesOut =
      path.hasPrefix("/") || path.hasPrefix("~") || path.hasPrefix("\\") || path.contains("://")
      || path.split(whereSeparator: { $0 == "/" || $0 == "\\" }).contains("..")
      || path.dropFirst().hasPrefix(":") || path.contains("$") || path.contains("\0")
    if reachesOut {
      add(.kerasFileRead, "would read its \(what) from the file \(spelled) on load", at: place)
    } else {
      add(
        .kerasFileReference, "expected the \(what) in the configuration, found the file \(spelled)", at: place
      )
    }
  }

  private static let sizes: Set<String> = [
    "units", "filters", "input_dim", "output_dim", "num_heads", "key_dim", "value_dim", "n", "max_tokens",
    "num_tokens", "num_bins", "depth_multiplier", "input_length", "size", "sequence_length",
  ]
  private static let shapes: Set<String> = [
    "shape", "batch_shape", "batch_input_shape", "input_shape", "target_shape", "build_input_shape",
    "kernel_size", "pool_size", "padding", "axes_shape",
  ]

  /// A size that no memory holds makes building the model fail, or take the machine with it.
  private mutating func judgeSizes(_ members: [String: JSON], at place: Int) {
    for name in members.keys.sorted() {
      if KerasJudge.sizes.contains(name), let size = members[name]?.double, size.magnitude > 1e11 {
        add(.kerasSize, "expected a size that memory holds, found \(name) \(size)", at: place)
      } else if KerasJudge.shapes.contains(name), let items = members[name]?.array {
        let sizes = items.prefix(32).compactMap(\.double)
        guard sizes.reduce(1.0, { $0 * max(1, $1.magnitude) }) > 1e13 else { continue }
        add(
          .kerasSize,
          "expected a shape that memory holds, found \(name) \(KerasText.describe(.array(items), limit: 80))",
          at: place)
      }
    }
  }
}

extension JSON {
  fileprivate var isContainer: Bool {
    switch self {
    case .array(let items): !items.isEmpty
    case .object(let members): !members.isEmpty
    default: false
    }
  }

  /// The first few strings of sixteen characters and more, wherever they stand.
  fileprivate func longStrings(limit: Int) -> [String] {
    var found: [String] = []
    var waiting = [self]
    var steps = 0
    while let value = waiting.popLast(), found.count < limit, steps < 1_000 {
      steps += 1
      switch value {
      case .string(let text): if text.utf8.count >= 16 { found.append(text) }
      case .array(let items): waiting += items.prefix(100).reversed()
      case .object(let members):
        waiting += members.sorted { $0.key > $1.key }.prefix(100).map(\.value)
      default: break
      }
    }
    return found
  }
}
