import Artifacts
import Domain
import Encoding

/// One value of a pickle, with the path that leads to it from the model: `Pipeline.steps[1] 'clf' SVC`.
///
/// Its readers take what is there or throw a problem that says where, what was expected and what was found.
struct PickleView {
  let source: PickleSource
  let id: ValueID
  /// The path, but for the place among its siblings.
  private let stem: String
  /// Which element of a list it is.
  private let place: Int?

  /// A view of a value of a document, which is called `path`.
  init(_ source: PickleSource, _ id: ValueID, path: String) {
    self.init(source, id, stem: path, place: nil)
  }

  private init(_ source: PickleSource, _ id: ValueID, stem: String, place: Int?) {
    self.source = source
    self.id = id
    self.stem = stem
    self.place = place
  }

  /// How it is reached from the model.
  var path: String { place.map { "\(stem)[\($0)]" } ?? stem }

  /// What is there; the lift pays for looking.
  var value: PickleValue { source.value(of: self) }

  /// Where it is in the (decompressed) stream.
  var position: String { "byte \(source.document.offset(of: id))" }

  /// A view of another value under this path.
  func view(of id: ValueID, _ suffix: String) -> PickleView {
    PickleView(source, id, path: path + suffix)
  }

  /// The same value under another path.
  func renamed(_ path: String) -> PickleView { PickleView(source, id, path: path) }

  /// Views of the elements of a list, in order.
  func views(of ids: [ValueID]) -> [PickleView] {
    let path = path
    return ids.enumerated().map { PickleView(source, $1, stem: path, place: $0) }
  }

  /// A refusal of this value.
  func unexpected(_ expected: String) -> Problem {
    Problem(
      .refused, "lift.unexpected-attribute", "expected \(path) to be \(expected), found \(description)",
      position: position)
  }
}

// MARK: - Instances

extension PickleView {
  /// The instance that is there, if it is one.
  var object: PickleObject? {
    guard case .object(let object) = value else { return nil }
    return object
  }

  /// The attribute of an instance, or the item of its state; nil where it has none of that name.
  func attributeIfPresent(_ name: String) -> PickleView? {
    guard let state = source.document.attributes(of: id) else { return nil }
    return source.item(name, of: state, for: self).map { view(of: $0, ".\(name)") }
  }

  /// What a dictionary has under a name; nil where it has nothing, or no dictionary is there.
  func item(_ name: String) -> PickleView? {
    source.item(name, of: id, for: self).map { view(of: $0, "['\(name.excerpt(80))']") }
  }

  /// Whether a dictionary is there.
  var isDictionary: Bool { source.document.values.isDictionary(at: id.index) }

  /// The attribute of an instance.
  func attribute(_ name: String) throws(Problem) -> PickleView {
    guard let attribute = attributeIfPresent(name) else {
      throw Problem(
        .refused, "lift.unexpected-attribute", "expected \(path) to have the attribute '\(name)', found none",
        position: position)
    }
    return attribute
  }

  /// An attribute that fitting sets.
  func fittedAttribute(_ name: String) throws(Problem) -> PickleView {
    guard let attribute = attributeIfPresent(name) else {
      throw Problem(
        .refused, "lift.not-fitted", "expected \(path) to be fitted, found no attribute '\(name)'",
        position: position, hint: "call fit before you save the model")
    }
    return attribute
  }

  /// The same value, which must be an instance of one of these classes.
  func instance(of types: PickleGlobal...) throws(Problem) -> PickleView {
    guard let type = object?.type, types.contains(type) else {
      throw unexpected("an instance of \(types.map(\.description).joined(separator: " or "))")
    }
    return self
  }
}
