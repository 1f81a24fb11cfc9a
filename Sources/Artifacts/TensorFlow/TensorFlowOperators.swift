/// Operations of TensorFlow that do more than compute.
enum TensorFlowOperators {
  /// What an operation does, in words that follow its name.
  struct Effect {
    let kind: TensorFlowObservation.Kind
    let words: String
  }

  /// Operations that no model needs for predicting.
  static let effects: [String: Effect] = {
    var effects: [String: Effect] = [:]
    for (names, effect) in table {
      for name in names.split(separator: " ") { effects[String(name)] = effect }
    }
    return effects
  }()

  /// Operations that every SavedModel has for its weights and tables, with the inputs that are paths.
  static let paths: [String: [Int]] = [
    "Save": [0], "SaveV2": [0], "SaveSlices": [0], "Restore": [0], "RestoreV2": [0], "RestoreSlice": [0],
    "MergeV2Checkpoints": [0, 1], "DTensorRestoreV2": [0], "InitializeTableFromTextFile": [1],
    "InitializeTableFromTextFileV2": [1], "CacheDataset": [1], "CacheDatasetV2": [1],
    "GenerateVocabRemapping": [0, 1], "LoadAndRemapMatrix": [0],
  ]

  private static let table: [(String, Effect)] = [
    (
      "PyFunc PyFuncStateless EagerPyFunc OpaquePyFunc",
      Effect(kind: .python, words: "would call a Python function of the process by its token")
    ),
    (
      "ReadFile WholeFileReader WholeFileReaderV2 TextLineReader TextLineReaderV2 TFRecordReader TFRecordReaderV2"
        + " FixedLengthRecordReader FixedLengthRecordReaderV2 LMDBReader TextLineDataset TFRecordDataset"
        + " TFRecordDatasetV2 FixedLengthRecordDataset FixedLengthRecordDatasetV2 CSVDataset CSVDatasetV2"
        + " ExperimentalCSVDataset LMDBDataset ExperimentalLMDBDataset LoadDataset SnapshotDatasetReader"
        + " SnapshotChunkDataset RecordInput Skipgram",
      Effect(kind: .file, words: "would read files")
    ),
    ("ImmutableConst", Effect(kind: .file, words: "would map a file into memory")),
    (
      "MatchingFiles MatchingFilesDataset ExperimentalMatchingFilesDataset ListSnapshotChunksDataset",
      Effect(kind: .file, words: "would list files")
    ),
    (
      "WriteFile SaveDataset SaveDatasetV2 DatasetToTFRecord ExperimentalDatasetToTFRecord SnapshotDataset"
        + " SnapshotDatasetV2 CreateSummaryFileWriter CreateSummaryDbWriter DumpTensor CalibrationStatisticsSaver"
        + " DistributedSave",
      Effect(kind: .file, words: "would write files")
    ),
    (
      "FileSystemSetConfiguration GcsConfigureCredentials GcsConfigureBlockCache",
      Effect(kind: .file, words: "would change how the process reaches files")
    ),
    ("SqlDataset ExperimentalSqlDataset", Effect(kind: .file, words: "would open a database")),
    (
      "Rpc TryRpc RpcCall RpcClient RpcServer RpcServerRegister RpcServerStart RegisterDataset RegisterDatasetV2"
        + " DataServiceDataset DataServiceDatasetV2 DataServiceDatasetV3 DataServiceDatasetV4 BigQueryReader"
        + " BigtableClient KafkaDataset",
      Effect(kind: .network, words: "would talk to another host")
    ),
    ("Abort", Effect(kind: .abort, words: "would end the process")),
  ]
}
