import Artifacts

/// Bytes to be inspected, and where they stand in the artifact.
struct Subject {
  /// The bytes.
  let bytes: ArraySlice<UInt8>
  /// The path inside the artifact, containers included: `archive.zip/model.pkl`; empty for an artifact that is
  /// one file.
  let member: String
  /// How many containers are around it.
  let depth: Int
}

/// What some bytes turned out to be.
struct Inspected {
  /// What the bytes hold, as far as it matters for what may be done with them.
  enum Content {
    /// A pickle; its values where it could be read to its end.
    case pickle(PickleDocument?)
    /// A model of another format that can be lifted.
    case source(ModelSource)
    /// A model of a format that is read and not lifted.
    case model
    /// A container; what is in it was inspected part by part.
    case container
    /// Data that predicts nothing, in words with an article: `a NumPy array`.
    case data(String)
    /// Nothing that is known, in words with an article: what it looks like.
    case unknown(String)
    /// The findings say already that it cannot be read.
    case refused
  }

  /// The name of the format, with the compression around it: `joblib+zlib`.
  let format: String
  /// What the bytes hold.
  let content: Content

  init(_ format: String, _ content: Content) {
    self.format = format
    self.content = content
  }

  /// What a model can be lifted from, where the bytes are one.
  var source: ModelSource? {
    switch content {
    case .pickle(let document): document.map { .pickle($0) }
    case .source(let source): source
    case .model, .container, .data, .unknown, .refused: nil
    }
  }
}
