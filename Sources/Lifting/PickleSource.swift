import Artifacts
import Domain

/// What a lift reads: a document, an index of its attributes, and how much of it may still be read.
///
/// A pickle can name one value many times over, so a small one may have its values read without end. All readers of
/// `PickleView` pay here for what they put together; when nothing is left they find None, and the lift ends in
/// `exhaustion`. An honest model is read a few times over, far from that.
final class PickleSource {
  /// The values.
  let document: PickleDocument
  /// How many bytes of arrays, texts and tables there are.
  let contentBytes: Int
  /// About how many nanoseconds reading may still take.
  private var budget: Int
  /// Why nothing more can be read; nil while it can.
  private(set) var exhaustion: Problem?
  /// What large dictionaries have under which name; small ones are searched as they are.
  private var tables: [ValueID: [String: ValueID]] = [:]

  /// Starts to read a document.
  init(_ document: PickleDocument) {
    self.document = document
    contentBytes = document.contentBytes
    budget = (64 << 20) + 16 * (contentBytes + 16 * document.values.count)
  }

  /// Pays for work on behalf of a value, in about nanoseconds; false where that is too much.
  func spend(_ cost: Int, for view: PickleView) -> Bool {
    guard cost <= budget else {
      budget = 0
      exhaustion =
        exhaustion
        ?? Problem(
          .refused, "lift.shared-values",
          "expected a model whose parts have values of their own, found values that are read over and over, the"
            + " last at \(view.path.suffix(200))",
          position: view.position, hint: "save the model as it was fitted, with joblib.dump or pickle.dump")
      return false
    }
    budget -= cost
    return true
  }

  /// The value that `view` is of, paid for; None when nothing is left.
  func value(of view: PickleView) -> PickleValue {
    spend(document.readingCost(of: view.id), for: view) ? document[view.id] : .none
  }

  /// What a dictionary has under a name, as which its last key of that name says; nil where it has none.
  func item(_ name: String, of dictionary: ValueID, for view: PickleView) -> ValueID? {
    guard document.itemCount(of: dictionary) <= 64 else { return table(of: dictionary, for: view)[name] }
    var found: ValueID?
    for pair in document.values.pairs(at: dictionary.index) {
      guard let key = document.values.utf8(at: pair.key.index), key.count == name.utf8.count,
        key.elementsEqual(name.utf8)
      else { continue }
      found = pair.value
    }
    return found
  }

  private func table(of dictionary: ValueID, for view: PickleView) -> [String: ValueID] {
    if let table = tables[dictionary] { return table }
    var table: [String: ValueID] = [:]
    for pair in document.values.pairs(at: dictionary.index) {
      // Each key costs as much as it would be to read.
      guard spend(document.readingCost(of: pair.key) + 128, for: view) else { break }
      if case .string(let key) = document[pair.key] { table[key] = pair.value }
    }
    tables[dictionary] = table
    return table
  }
}
