import Artifacts
import Domain

/// Files of a directory that hold nothing but numbers for a model beside them.
///
/// Such a file has no format of its own, and its first numbers may look like the start of any: they are no reason to
/// call an honest model damaged.
enum WeightFiles {
  /// The paths of those files, by what the other files say: the data of ONNX tensors, and the shards of a TensorFlow
  /// checkpoint, which stand beside its index.
  static func paths(in files: [String: ArraySlice<UInt8>]) -> Set<String> {
    guard files.count > 1 else { return [] }
    var paths: Set<String> = []
    for (path, bytes) in files {
      if CheckpointIndexFormat.claim(bytes) != nil, path.hasSuffix(".index") {
        let shard = path.dropLast("index".count) + "data-"
        paths.formUnion(files.keys.filter { $0.hasPrefix(shard) })
      } else if ONNXFormat.claim(bytes) != nil {
        for data in ONNXReader.read(bytes).externalData {
          let place = ReferencedPath.resolve(data.location, from: path)
          if files[place] != nil { paths.insert(place) }
        }
      }
    }
    return paths
  }
}

extension InspectionWalk {
  /// Inspects a file of numbers; what it may look like counts only where that would be dangerous.
  mutating func inspectWeights(_ subject: Subject) -> Inspected {
    var copy = self
    let inspected = copy.inspect(subject)
    if copy.findings.dropFirst(findings.count).contains(where: { Rule.named($0.rule)?.verdict == .dangerous })
    {
      self = copy
      return inspected
    }
    return Inspected("weights", .data("the weights of a model beside it"))
  }
}
