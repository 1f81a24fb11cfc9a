/// What reading one file of an artifact gave.
public struct FileReading: Sendable {
  /// What the bytes turned out to hold.
  public enum Content: Sendable {
    case pickle(PickleReading)
    case array(NumPyArray)
    /// A known format that is not read; its name.
    case unsupported(String)
    /// Bytes that are none of the formats, or break off: what was expected and what was found.
    case malformed(String, offset: Int?)
    /// A compressed stream that would unpack to more than the budget.
    case bomb(String, offset: Int)
  }

  /// The name of the format.
  ///
  /// `pickle`, `joblib`, `joblib+zlib`, `npy`, `zip` and the like.
  public let format: String
  /// What the bytes turned out to hold.
  public let content: Content
  /// How many bytes follow a compressed stream; a loader never looks at them.
  public let bytesAfterCompression: Int
  /// The length of the compressed stream.
  public let compressedCount: Int

  private init(_ format: String, _ content: Content, compressedCount: Int = 0, after: Int = 0) {
    self.format = format
    self.content = content
    self.compressedCount = compressedCount
    self.bytesAfterCompression = after
  }

  /// Reads a file as what its first bytes say it is.
  public static func read(_ bytes: ArraySlice<UInt8>, budget: ReadingBudget = .standard) -> FileReading {
    switch ArtifactFormat.detect(bytes) {
    case .pickle:
      let reading = PickleReading.read(bytes, budget: budget)
      return FileReading(reading.isJoblib ? "joblib" : "pickle", .pickle(reading))
    case .compressed(let compression): return decompressed(bytes, compression, budget)
    case .npy:
      do throws(NumPyFileError) {
        switch try NumPyFile.content(bytes) {
        case .array(let array): return FileReading("npy", .array(array))
        case .pickle(let offset):
          return FileReading("npy", .pickle(PickleReading.read(bytes, from: offset, budget: budget)))
        }
      } catch {
        return FileReading("npy", .malformed(error.message, offset: error.offset))
      }
    case .unsupported(let name): return FileReading(name, .unsupported(name))
    case .unknown(let what):
      return FileReading(
        "unknown", .malformed("expected a pickle or joblib file, found \(what)", offset: nil))
    }
  }

  private static func decompressed(
    _ bytes: ArraySlice<UInt8>, _ compression: Compression, _ budget: ReadingBudget
  ) -> FileReading {
    let inner: Decompressed
    do throws(DecompressionFailure) {
      inner = try compression.decompress(bytes, budget: budget)
    } catch {
      switch error {
      case .bomb(let detail, let offset):
        return FileReading(compression.rawValue, .bomb(detail, offset: offset))
      case .malformed(let detail, let offset):
        return FileReading(compression.rawValue, .malformed(detail, offset: offset))
      }
    }
    let after = bytes.count - inner.compressedCount
    func reading(_ format: String, _ content: Content) -> FileReading {
      FileReading(
        "\(format)+\(compression.rawValue)", content, compressedCount: inner.compressedCount, after: after)
    }
    switch ArtifactFormat.detect(inner.bytes[...]) {
    case .pickle:
      let pickle = PickleReading.read(inner.bytes[...], budget: budget)
      return reading(pickle.isJoblib ? "joblib" : "pickle", .pickle(pickle))
    case .compressed(let second):
      return reading(second.rawValue, .unsupported("\(second) inside \(compression)"))
    case .npy: return reading("npy", .unsupported("npy inside \(compression)"))
    case .unsupported(let name): return reading(name, .unsupported("\(name) inside \(compression)"))
    case .unknown(let what):
      return reading(
        "unknown", .malformed("expected a pickle inside the \(compression) stream, found \(what)", offset: 0))
    }
  }
}
