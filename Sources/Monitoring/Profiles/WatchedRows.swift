public import ModelGraph

/// Rows of the columns that are watched of a model, put together of its own rows and what it answered.
public struct WatchedRows: Sendable {
  /// The numbers, a row after the other.
  public private(set) var numbers: [Double] = []
  /// The texts likewise; nil for one that is missing.
  public private(set) var texts: [String?] = []
  /// The place of each row's label among those of training; nil where there is none.
  ///
  /// Empty where nobody asked for them.
  public private(set) var labels: [Int?] = []
  /// By how much the probability of each row's label is above the next one's; nil where there is none.
  public private(set) var margins: [Double?] = []
  /// How many rows there are.
  public private(set) var count = 0

  /// None yet.
  public init() {}

  /// Forgets them and keeps their memory.
  public mutating func removeAll() {
    numbers.removeAll(keepingCapacity: true)
    texts.removeAll(keepingCapacity: true)
    labels.removeAll(keepingCapacity: true)
    margins.removeAll(keepingCapacity: true)
    count = 0
  }
}

extension WatchedColumns {
  /// Appends rows that a model was asked about, all or where they are more than `limit` as many of them, evenly spaced; how
  /// many.
  ///
  /// Fewer where they are wide: a request has at most `valueLimit` values looked at, or one row. Texts are cut to what is kept of
  /// a category before they are copied.
  ///
  /// `numbers` and `texts` are those of `rowCount` rows, as `Inference.Rows` has them; of what was not asked for the columns are
  /// missing. `withLabels` has labels and margins told beside the columns. Rows or answers of another form than the signature's are none.
  public func append(
    _ numbers: [Double], _ texts: [String?], rowCount: Int, _ answers: [PredictionMethod: [Tensor]],
    limit: Int, valueLimit: Int = .max, withLabels: Bool = false, to rows: inout WatchedRows
  ) -> Int {
    guard rowCount > 0, limit > 0, numberFeatures == 0 || numbers.count == rowCount * numberFeatures,
      textFeatures == 0 || texts.count == rowCount * textFeatures
    else { return 0 }
    let predicted = method.flatMap { answers[$0]?.first?.elements }
    let probabilities = hasConfidence ? answers[.predictProbabilities]?.first : nil
    let width = max(1, rowWidth + (probabilities.map { $0.elements.count / rowCount } ?? 0))
    let limit = min(limit, max(1, valueLimit / width))
    let step = (rowCount - 1) / limit + 1
    var taken = 0
    for row in stride(from: 0, to: rowCount, by: step) {
      rows.append(
        numbers: numbers[(row * numberFeatures)..<((row + 1) * numberFeatures)],
        texts: texts[(row * textFeatures)..<((row + 1) * textFeatures)])
      append(predicted, row, rowCount, probabilities, withLabels: withLabels, to: &rows)
      taken += 1
    }
    return taken
  }

  private func append(
    _ predicted: Tensor.Elements?, _ row: Int, _ rowCount: Int, _ probabilities: Tensor?,
    withLabels: Bool, to rows: inout WatchedRows
  ) {
    var (confidence, likeliest, second) = (Double.nan, 0, Double.nan)
    if let probabilities, probabilities.elements.count % rowCount == 0 {
      let width = probabilities.elements.count / rowCount
      for place in 0..<width {
        let value = probabilities.elements.number(row * width + place)
        if confidence.isNaN || value > confidence {
          (second, confidence, likeliest) = (confidence, value, place)
        } else if second.isNaN || value > second {
          second = value
        }
      }
    }
    var said: String?
    switch answer {
    case .numbers(let width):
      let isWhole = predicted.map { $0.count == rowCount * width } ?? false
      for place in 0..<width {
        rows.append(number: isWhole ? predicted?.number(row * width + place) ?? .nan : .nan)
      }
    case .label:
      // Whoever asks for probabilities alone means the label of the largest.
      if let predicted, predicted.count == rowCount {
        said = predicted.label(row)
      } else if !confidence.isNaN {
        said = label(likeliest)
      }
      rows.append(text: said)
    case .unwatched: break
    }
    if hasConfidence { rows.append(number: confidence) }
    guard withLabels else { return }
    rows.append(
      label: said.flatMap(place(ofLabel:)), margin: second.isNaN ? nil : confidence - second)
  }
}

extension WatchedRows {
  fileprivate mutating func append(numbers: ArraySlice<Double>, texts: ArraySlice<String?>) {
    self.numbers += numbers
    // A slice of a long text would keep all of it.
    for text in texts { self.texts.append(text.map(CategoryCounts.bounded)) }
    count += 1
  }

  fileprivate mutating func append(number: Double) { numbers.append(number) }

  fileprivate mutating func append(label: Int?, margin: Double?) {
    labels.append(label)
    margins.append(margin)
  }

  fileprivate mutating func append(text: String?) { texts.append(text.map(CategoryCounts.bounded)) }
}
