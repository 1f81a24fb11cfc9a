public import Encoding

/// A JSON text as a tree to look at: all of an ordinary one, and of a huge one the parts that say what it is.
public struct JSONOutline: Sendable {
  /// What a tree keeps at most.
  public struct Limits: Sendable {
    /// How many values of one array or object are kept.
    public var children = 4_096
    /// How many values are kept in all, each of which takes up to 250 bytes of memory.
    public var values = 200_000
    /// How many bytes of strings are kept in all.
    public var textBytes = 32 << 20
    /// The names of members that are kept past `children`, with all they hold.
    public var kept: Set<String> = [
      "auto_map", "chat_template", "custom_pipelines", "trust_remote_code", "weight_map", "class_name",
      "module", "registered_name", "config", "layers", "learner", "version",
    ]

    /// The limits for configuration files.
    public init() {}
  }

  /// The first text.
  public let root: JSON
  /// Whether nothing was left out.
  public let isWhole: Bool
  /// What there is to say about the text as a whole.
  public let scan: JSONScan

  /// Reads bytes to their end and keeps what the limits allow.
  public static func read(_ bytes: ArraySlice<UInt8>, limits: Limits = Limits()) throws(JSONScanError)
    -> JSONOutline
  {
    var scanner = JSONScanner(bytes, visitor: OutlineBuilder(limits: limits))
    let scan = try scanner.run()
    return JSONOutline(
      root: scanner.visitor.root ?? .null, isWhole: scanner.visitor.isWhole && scan.documents == 1, scan: scan
    )
  }
}

private struct OutlineBuilder: JSONVisitor {
  private struct Frame {
    let isObject: Bool
    let isKept: Bool
    var count = 0
    var name = ""
    var nameIsKept = false
    var members: [String: JSON] = [:]
    var elements: [JSON] = []
  }

  let limits: JSONOutline.Limits
  var root: JSON?
  var isWhole = true
  private var frames: [Frame] = []
  /// How many containers are open inside one that is left out.
  private var skipped = 0
  private var values = 0
  private var textBytes = 0

  init(limits: JSONOutline.Limits) {
    self.limits = limits
  }

  mutating func begin(object: Bool, at offset: Int) {
    guard skipped == 0, root == nil || !frames.isEmpty, takes(textBytes: 0) else {
      skipped += 1
      return
    }
    let isKept = frames.last.map { $0.isKept || $0.nameIsKept } ?? false
    frames.append(Frame(isObject: object, isKept: isKept))
  }

  mutating func end(object: Bool, at offset: Int) {
    guard skipped == 0 else {
      skipped -= 1
      return
    }
    guard let frame = frames.popLast() else { return }
    add(frame.isObject ? .object(frame.members) : .array(frame.elements))
  }

  mutating func name(_ token: JSONToken) {
    guard skipped == 0, !frames.isEmpty else { return }
    let last = frames.count - 1
    // Long names are no names of members that matter, and are not worth their memory twice.
    frames[last].nameIsKept = token.bytes.count <= 40 && limits.kept.contains(token.text)
    guard frames[last].count < limits.children || frames[last].nameIsKept || frames[last].isKept else {
      return
    }
    frames[last].name = token.text
  }

  mutating func scalar(_ token: JSONToken) {
    guard skipped == 0, !frames.isEmpty, takes(textBytes: token.bytes.count) else { return }
    add(token.value)
  }

  /// Whether the current container takes one value more.
  private mutating func takes(textBytes more: Int) -> Bool {
    guard let frame = frames.last else { return true }
    let nameBytes = frame.isObject ? frame.name.utf8.count : 0
    guard frame.count < limits.children || frame.isKept || frame.nameIsKept, values < limits.values,
      textBytes + more + nameBytes <= limits.textBytes
    else {
      isWhole = false
      return false
    }
    values += 1
    textBytes += more + nameBytes
    frames[frames.count - 1].count += 1
    return true
  }

  private mutating func add(_ value: JSON) {
    guard !frames.isEmpty else {
      root = root ?? value
      return
    }
    let last = frames.count - 1
    if frames[last].isObject {
      frames[last].members[frames[last].name] = value
    } else {
      frames[last].elements.append(value)
    }
  }
}
