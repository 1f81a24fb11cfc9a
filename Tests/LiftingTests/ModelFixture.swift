import Artifacts
import Domain
import Encoding
import Foundation
import Inference
import Inspection
import Lifting
import ModelGraph
import Testing

/// A folder of `Tests/Fixtures`: an artifact, what it was asked, and what the library answered.
struct ModelFixture: Sendable, CustomTestStringConvertible {
  let folder: URL
  /// `models/sklearn-1.9/iris-tree`.
  let name: String

  var testDescription: String { name }

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

  /// The folders two levels below `part`.
  static func all(in part: String) -> [ModelFixture] {
    let environments =
      (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: part).path)) ?? []
    return environments.sorted().flatMap { environment -> [ModelFixture] in
      let path = root.appending(path: part).appending(path: environment)
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path.path)) ?? []
      return names.sorted().map {
        ModelFixture(folder: path.appending(path: $0), name: "\(part)/\(environment)/\($0)")
      }
    }
  }

  init(folder: URL, name: String) {
    self.folder = folder
    self.name = name
  }

  init(_ name: String) {
    self.init(folder: Self.root.appending(path: name), name: name)
  }

  func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: file))) }

  func expected() throws -> JSON { try JSON(parsing: try bytes("expected.json")) }

  func document(_ file: String = "model.joblib") throws -> PickleDocument {
    try #require(try documentIfReadable(file))
  }

  /// What the artifact describes; nil where it cannot be read.
  func documentIfReadable(_ file: String) throws -> PickleDocument? {
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: try bytes(file)[...])])
    guard case .pickle(let document) = Inspector.inspect(artifact, path: file).source else { return nil }
    return document
  }

  func lifted(_ file: String = "model.joblib") throws -> LiftedGraph { try Lifter.lift(try document(file)) }

  /// The code that lifting has to refuse it with; nil where it has to succeed.
  func refusal() throws -> String? {
    guard let code = try expected()["expected"]?.string, code != "liftable" else { return nil }
    return code
  }

  /// The fixture's model, in whatever format it is.
  func liftedModel() throws -> LiftedGraph {
    let file = try expected()["model"]?.string ?? "model.joblib"
    let artifact = Artifact(files: [ArtifactFile(path: "", bytes: try bytes(file)[...])])
    return try Lifter.lift(try #require(Inspector.inspect(artifact, path: file).source))
  }

  /// What a model of this signature was asked: numbers, or rows that JSON tells.
  func rows(for signature: ModelSignature) throws -> Rows {
    guard !FileManager.default.fileExists(atPath: folder.appending(path: "input.json").path) else {
      var decoder = RowDecoder(signature: signature)
      var reader = RequestReader(try bytes("input.json"))
      _ = try decoder.decode(&reader, at: "")
      return decoder.rows
    }
    let array = try NumPyFile.read(try bytes("input.npy")[...])
    guard signature.features.form != .unread else { return Rows(unread: array.shape[0]) }
    guard array.shape.count == 2, array.shape[1] == signature.featureCount else { return try rows() }
    return Rows(values: try array.numbers(), rowCount: array.shape[0], features: signature.features)
  }

  func rows() throws -> Rows {
    let array = try NumPyFile.read(try bytes("input.npy")[...])
    return Rows(
      values: try array.numbers(), rowCount: array.shape[0], featureCount: array.shape[1])
  }

  /// What the library answered: one array, or a list of them in files of their own.
  func answer(_ method: PredictionMethod) throws -> [Tensor] {
    let single = "\(method.rawValue).npy"
    if FileManager.default.fileExists(atPath: folder.appending(path: single).path) {
      return [try tensor(single)]
    }
    var tensors: [Tensor] = []
    while FileManager.default.fileExists(
      atPath: folder.appending(path: "\(method.rawValue).\(tensors.count).npy").path)
    {
      tensors.append(try tensor("\(method.rawValue).\(tensors.count).npy"))
    }
    return tensors
  }

  private func tensor(_ file: String) throws -> Tensor {
    let array = try NumPyFile.read(try bytes(file)[...])
    return try #require(Tensor(shape: array.shape, elements: try array.elements()))
  }
}

extension NumPyArray {
  private func items(_ size: Int) throws -> [ArraySlice<UInt8>] {
    guard case .bytes(let bytes) = storage else { throw Problem(.badInput, "test.array", "objects") }
    #expect(!isFortranOrder || shape.count < 2)
    return (0..<count).map { bytes.dropFirst($0 * size).prefix(size) }
  }

  func numbers() throws -> [Double] {
    if type == .float(size: 4, .little) {
      return try items(4).map { Double(Float(bitPattern: UInt32(littleEndianBytes: $0))) }
    }
    #expect(type == .float(size: 8, .little))
    return try items(8).map { Double(bitPattern: UInt64(littleEndianBytes: $0)) }
  }

  func elements() throws -> Tensor.Elements {
    switch type {
    case .bool: .bool(try items(1).map { $0.first == 1 })
    case .integer(size: 4, .little): .int32(try items(4).map { Int32(littleEndianBytes: $0) })
    case .integer(size: 8, .little): .int64(try items(8).map { Int64(littleEndianBytes: $0) })
    case .float(size: 4, .little):
      .float32(try items(4).map { Float(bitPattern: UInt32(littleEndianBytes: $0)) })
    case .unicode(let length, .little):
      .string(
        try items(length * 4).map { item in
          let units = (0..<length).map { UInt32(littleEndianBytes: item.dropFirst($0 * 4).prefix(4)) }
          return units.filter { $0 != 0 }.compactMap { Unicode.Scalar($0) }.map { String($0) }.joined()
        })
    default: .float64(try numbers())
    }
  }
}
