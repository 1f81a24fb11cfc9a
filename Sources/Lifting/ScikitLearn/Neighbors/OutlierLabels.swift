import Artifacts
import Domain
import ModelGraph

/// What a row without neighbours gets, for each target.
struct OutlierLabels {
  /// The class that all votes go to, or that there are none, or that the row is refused.
  let classes: [Int64]
  /// The classes' labels and one more, for a row without votes; nil where such rows are refused.
  let labels: [Tensor]?

  init(_ model: NeighborModel, _ targets: NeighborTargets) throws(Problem) {
    let view = model.estimator.view
    let attribute = try view.fittedAttribute("outlier_label_")
    guard !attribute.isNone else {
      self.classes = targets.classes.map { _ in NeighborAnswer.refused }
      self.labels = nil
      return
    }
    let given = try Self.given(attribute)
    guard given.count == targets.classes.count else {
      throw attribute.unexpected("a label for each of \(targets.classes.count) targets")
    }
    var (classes, labels): ([Int64], [Tensor]) = ([], [])
    for (label, own) in zip(given, targets.classes) {
      let (index, extended) = try Self.place(of: label, in: own)
      classes.append(index)
      labels.append(extended)
    }
    // From 1.4 on this search, where distances are not expanded, does not know 'most_frequent', and from 1.9 on it
    // takes the parameter for the index of a class.
    let version = try model.estimator.version()
    let isDirect =
      version >= .one(4) && model.search.search == .heap && model.search.metric.expansion == .none
      && !targets.areSeveral && model.weighting == .uniform
    let parameter = try view.attribute("outlier_label")
    if isDirect, version >= .one(9) {
      let index = (try? parameter.integer()) ?? -1
      classes = [0..<targets.classes[0].elements.count ~= index ? Int64(index) : NeighborAnswer.nobody]
    } else if isDirect, parameter.text == "most_frequent" {
      classes = [NeighborAnswer.nobody]
    }
    self.classes = classes
    self.labels = labels
  }

  private static func given(_ attribute: PickleView) throws(Problem) -> [PickleView] {
    if case .array(let array) = attribute.value, case .objects(let ids) = array.storage {
      return attribute.views(of: ids)
    }
    return try attribute.elements()
  }

  /// Where a label stands among the classes, and the labels with it at the end.
  private static func place(
    of label: PickleView, in classes: Tensor
  ) throws(Problem) -> (index: Int64, extended: Tensor) {
    func place<Label: Equatable>(
      _ label: Label, _ labels: [Label], _ make: ([Label]) -> Tensor.Elements
    ) -> (Int64, Tensor) {
      (Int64(labels.firstIndex(of: label) ?? -1), Tensor(vector: make(labels + [label])))
    }
    switch classes.elements {
    case .string(let labels):
      // By their bytes: texts that only look alike are different labels.
      guard let text = label.anyText else { throw label.unexpected("a string") }
      let index = labels.firstIndex { $0.utf8.elementsEqual(text.utf8) } ?? -1
      return (Int64(index), Tensor(vector: .string(labels + [text])))
    case .int64(let labels): return place(Int64(try label.integer()), labels) { .int64($0) }
    case .int32(let labels):
      return place(Int32(truncatingIfNeeded: try label.integer()), labels) { .int32($0) }
    case .float64(let labels): return place(try label.number(), labels) { .float64($0) }
    case .bool(let labels): return place(try label.bool(), labels) { .bool($0) }
    case .float32(let labels): return place(Float(try label.number()), labels) { .float32($0) }
    }
  }
}
