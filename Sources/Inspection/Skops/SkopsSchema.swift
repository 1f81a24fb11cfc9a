import Artifacts
import Encoding

/// One node of a skops schema: a Python object, by its class and by the class of skops that loads it.
struct SkopsNode: Sendable {
  /// The module and name of the class.
  var module: String?
  /// The name in the module.
  var name: String?
  /// The class of skops that makes the object.
  var loader: String?
  /// The member of the archive that holds its bytes.
  var file: String?
  /// The text of its content, where that is a text.
  var text: String?
  /// What a method node calls, or the function that a function node loads: its content says so, not its class.
  var function: String?
  /// The module of that function.
  var functionModule: String?
  /// Whether something stands where a text belongs.
  var isOdd = false
  /// Where it begins.
  var offset = 0
}

/// Takes the nodes out of a schema while it is read, the innermost first; keeps 32 bytes of each to see whether
/// one is inside itself.
struct SkopsVisitor: JSONVisitor {
  private struct Frame {
    var node = SkopsNode()
    let isObject: Bool
    var name = ""
    var id: Int64?
  }

  /// A node by its number, and from where to where it goes.
  struct Extent {
    let id: Int64
    let begin: Int
    let end: Int
  }

  private static let extentLimit = 4_000_000

  private(set) var extents: [Extent] = []
  private var frames: [Frame] = []
  private(set) var nodeCount = 0
  /// The nodes that have something about them, by `SkopsJudge`.
  private(set) var judge: SkopsJudge

  init(judge: SkopsJudge) {
    self.judge = judge
  }

  mutating func begin(object: Bool, at offset: Int) {
    var frame = Frame(isObject: object)
    frame.node.offset = offset
    frames.append(frame)
  }

  mutating func end(object: Bool, at offset: Int) {
    guard let frame = frames.popLast(), frame.isObject else { return }
    // The object of a method: what it calls stands in the content, beside the object.
    if frame.node.loader == nil, frame.node.name == nil, let function = frame.node.function, !frames.isEmpty {
      frames[frames.count - 1].node.function = function
      frames[frames.count - 1].node.functionModule = frame.node.functionModule
      return
    }
    guard frame.node.loader != nil || frame.node.module != nil else { return }
    nodeCount += 1
    if let id = frame.id, extents.count < Self.extentLimit {
      extents.append(Extent(id: id, begin: frame.node.offset, end: offset))
    }
    judge.judge(frame.node)
  }

  mutating func name(_ token: JSONToken) {
    guard !frames.isEmpty else { return }
    frames[frames.count - 1].name = token.bytes.count <= 64 ? token.text : ""
  }

  mutating func scalar(_ token: JSONToken) {
    guard let last = frames.indices.last, frames[last].isObject else { return }
    let text = token.kind == .string && token.bytes.count <= 4_096 ? token.text : nil
    switch frames[last].name {
    case "__class__": take(token, text, \.name)
    case "__module__": take(token, text, \.module)
    case "__loader__": take(token, text, \.loader)
    case "file": frames[last].node.file = text
    case "content": frames[last].node.text = text
    case "func", "function": frames[last].node.function = text
    case "module_path": frames[last].node.functionModule = text
    case "__id__": frames[last].id = token.integer
    default: break
    }
  }

  private mutating func take(
    _ token: JSONToken, _ text: String?, _ field: WritableKeyPath<SkopsNode, String?>
  ) {
    let last = frames.count - 1
    frames[last].node[keyPath: field] = text ?? ""
    if text == nil { frames[last].node.isOdd = true }
  }

  /// Where a node stands inside one of the same number; nil where none does.
  func recursion() -> Int? {
    let sorted = extents.sorted { ($0.id, $0.begin) < ($1.id, $1.begin) }
    for (outer, inner) in zip(sorted, sorted.dropFirst())
    where outer.id == inner.id && inner.begin < outer.end {
      return inner.begin
    }
    return nil
  }
}
