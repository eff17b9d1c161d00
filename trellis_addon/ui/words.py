# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: RUF001  (a Chinese comma is meant)
"""The panel's words in German, Japanese and Simplified Chinese. Left is what the code says.

Blender's own words (Link, Origin, Collection ...) are left to Blender's own translation.
"""

from __future__ import annotations

from typing import Final

LANGUAGES: Final = (("de_DE", "de"), ("ja_JP", "ja"), ("zh_HANS", "zh_CN"))
"""Blender's names of each column's language; Simplified Chinese has changed its name in 4.x."""

Row = tuple[str, str, str, str]

PANELS: Final[tuple[Row, ...]] = (
    ("Generate Prop", "Prop erzeugen", "プロップを生成", "生成道具"),
    ("Model", "Modell", "モデル", "模型"),
    ("Prop", "Prop", "プロップ", "道具"),
    ("Placing", "Platzierung", "配置", "放置"),
    ("Jobs", "Aufträge", "ジョブ", "任务"),
    ("Reference Image", "Referenzbild", "参照画像", "参考图像"),
    ("Recent Prompts", "Letzte Prompts", "最近のプロンプト", "最近的提示词"),
    ("Trellis Presets", "Trellis-Vorgaben", "Trellis プリセット", "Trellis 预设"),
)

BUTTONS: Final[tuple[Row, ...]] = (
    ("Generate", "Erzeugen", "生成", "生成"),
    ("Generate {}", "{} erzeugen", "{} 個を生成", "生成 {} 个"),
    (
        "Generate Trellis Prop",
        "Trellis-Prop erzeugen",
        "Trellis プロップを生成",
        "生成 Trellis 道具",
    ),
    ("Generate Again", "Noch einmal erzeugen", "もう一度生成", "再次生成"),
    ("Generate Variant", "Variante erzeugen", "バリエーションを生成", "生成变体"),
    ("Cancel Generation", "Erzeugung abbrechen", "生成をキャンセル", "取消生成"),
    ("Try Again", "Erneut versuchen", "再試行", "重试"),
    ("Copy Details", "Einzelheiten kopieren", "詳細をコピー", "复制详细信息"),
    ("Dismiss", "Ausblenden", "閉じる", "忽略"),
    ("Continue", "Fortsetzen", "続行", "继续"),
    ("Top Up", "Guthaben aufladen", "残高をチャージ", "充值"),
    ("Get a Key", "Schlüssel holen", "キーを取得", "获取密钥"),
    ("Paste Key", "Schlüssel einfügen", "キーを貼り付け", "粘贴密钥"),
    ("Choose Folder", "Ordner wählen", "フォルダーを選択", "选择文件夹"),
    ("Test Connection", "Verbindung testen", "接続をテスト", "测试连接"),
    ("Test Again", "Erneut testen", "もう一度テスト", "再次测试"),
    ("Open Preferences", "Einstellungen öffnen", "プリファレンスを開く", "打开偏好设置"),
    ("Change the Limit", "Grenze ändern", "上限を変更", "更改上限"),
    ("Copy Diagnostics", "Diagnose kopieren", "診断情報をコピー", "复制诊断信息"),
    ("Show Prompt", "Prompt zeigen", "プロンプトを表示", "显示提示词"),
    ("Copy Prompt", "Prompt kopieren", "プロンプトをコピー", "复制提示词"),
    ("Use Prompt", "Prompt verwenden", "プロンプトを使用", "使用提示词"),
    ("Reuse Settings", "Einstellungen übernehmen", "設定を再利用", "重用设置"),
    ("Finish Prop Again", "Prop neu aufbereiten", "プロップを再仕上げ", "重新加工道具"),
    ("Finish Prop Again...", "Prop neu aufbereiten...", "プロップを再仕上げ...", "重新加工道具..."),
    ("Export Prop", "Prop exportieren", "プロップをエクスポート", "导出道具"),
    ("Open Folder", "Ordner öffnen", "フォルダーを開く", "打开文件夹"),
    ("Delete...", "Löschen...", "削除...", "删除..."),
    ("Place on Surface", "Auf Fläche platzieren", "サーフェスに配置", "放置到表面"),
    ("Make Editable", "Bearbeitbar machen", "編集可能にする", "转为可编辑"),
    ("Find Missing Props", "Fehlende Props suchen", "見つからないプロップを検索", "查找缺失的道具"),
    (
        "Import Meshes as Props",
        "Meshes als Props importieren",
        "メッシュをプロップとして読み込む",
        "将网格导入为道具",
    ),
)

FIELDS: Final[tuple[Row, ...]] = (
    ("Prompt", "Prompt", "プロンプト", "提示词"),
    ("Prompt from a Text", "Prompt aus einem Text", "テキストからプロンプト", "从文本读取提示词"),
    ("Variants", "Varianten", "バリエーション", "变体数"),
    ("System Text", "Systemtext", "システムテキスト", "系统文本"),
    ("Max Tokens", "Höchstzahl Tokens", "最大トークン数", "最大令牌数"),
    ("Levels of Detail", "Detailstufen", "詳細レベル (LOD)", "细节层级"),
    ("Limit Triangles", "Dreiecke begrenzen", "三角形数を制限", "限制三角面数"),
    ("Limit Texture Size", "Texturgröße begrenzen", "テクスチャサイズを制限", "限制纹理尺寸"),
    ("Merge by Distance", "Nach Abstand verschmelzen", "距離でマージ", "按距离合并"),
    ("Viewport Proxy", "Platzhalter im Viewport", "ビューポートプロキシ", "视口代理"),
    ("Model's Up Axis", "Hochachse des Modells", "モデルの上軸", "模型的向上轴"),
    ("API Key", "API-Schlüssel", "API キー", "API 密钥"),
    ("Gateway URL", "Gateway-Adresse", "ゲートウェイ URL", "网关地址"),
    ("Library Folder", "Bibliotheksordner", "ライブラリフォルダー", "库文件夹"),
    ("Endpoint", "Endpunkt", "エンドポイント", "接口"),
    ("Jobs at Once", "Gleichzeitige Aufträge", "同時ジョブ数", "同时任务数"),
    ("Daily Limit (US$)", "Tagesgrenze (US$)", "1日の上限 (US$)", "每日上限 (US$)"),
    ("Time Limit (min)", "Zeitgrenze (min)", "制限時間 (分)", "时间上限 (分钟)"),
    ("Cost Tag", "Kostenkennung", "コストタグ", "费用标签"),
    ("Certificates", "Zertifikate", "証明書", "证书"),
    ("Provider Keys", "Anbieterschlüssel", "プロバイダーキー", "服务商密钥"),
    (
        "Progress at the Pointer",
        "Fortschritt am Mauszeiger",
        "ポインターに進捗を表示",
        "在指针处显示进度",
    ),
    ("Log Level", "Protokollstufe", "ログレベル", "日志级别"),
)

MESSAGES: Final[tuple[Row, ...]] = (
    (
        "Describe the prop first",
        "Beschreibe zuerst den Prop",
        "先にプロップを説明してください",
        "请先描述道具",
    ),
    ("Online Access", "Online-Zugriff", "オンラインアクセス", "在线访问"),
    (
        "Prompts are sent to the gateway",
        "Prompts werden an das Gateway gesendet",
        "プロンプトはゲートウェイに送信されます",
        "提示词会发送到网关",
    ),
    (
        "Asking the gateway...",
        "Frage das Gateway...",
        "ゲートウェイに問い合わせ中...",
        "正在询问网关...",
    ),
    ("None yet", "Noch keine", "まだありません", "暂无"),
    ("Waits for its turn", "Wartet, bis es dran ist", "順番を待っています", "正在排队"),
    (
        "usually 30 s to 5 min",
        "meist 30 s bis 5 min",
        "通常 30 秒から 5 分",
        "通常需 30 秒到 5 分钟",
    ),
    ("about {}", "etwa {}", "約 {}", "约 {}"),
    ("{} left", "noch {}", "残り {}", "剩余 {}"),
    ("for {} US cents", "für {} US-Cent", "({} 米セント)", "，花费 {} 美分"),
    ("Placed in {} s", "Platziert in {} s", "{} 秒で配置", "{} 秒后已放置"),
    (
        "No picture could be taken",
        "Es konnte kein Bild gemacht werden",
        "画像を作成できませんでした",
        "无法生成图片",
    ),
    ("Made in {} s", "Erzeugt in {} s", "{} 秒で生成", "{} 秒后已生成"),
    ("Made anew in {} s", "Neu erzeugt in {} s", "{} 秒で再作成", "{} 秒后已重新生成"),
    (
        "Its file was closed, so it is in the library only",
        "Seine Datei wurde geschlossen; er ist nur in der Bibliothek",
        "ファイルが閉じられたため、ライブラリにのみあります",
        "其文件已关闭，因此仅存于库中",
    ),
    (
        "No props yet. Generate one above",
        "Noch keine Props. Erzeuge oben einen",
        "プロップはまだありません。上で生成できます",
        "还没有道具。请在上方生成",
    ),
    ("No prop is chosen", "Kein Prop gewählt", "プロップが選択されていません", "未选择道具"),
    ("No prop matches", "Kein Prop passt", "一致するプロップがありません", "没有匹配的道具"),
    (
        "Looking through the library",
        "Die Bibliothek wird durchgesehen",
        "ライブラリを確認中",
        "正在查看库",
    ),
    (
        "Nothing was spent today",
        "Heute wurde nichts ausgegeben",
        "今日の支出はありません",
        "今天没有支出",
    ),
    (
        "There is no API key for the gateway",
        "Es gibt keinen API-Schlüssel für das Gateway",
        "ゲートウェイの API キーがありません",
        "没有网关的 API 密钥",
    ),
    (
        "Blender is not allowed to go online",
        "Blender darf nicht online gehen",
        "Blender のオンラインアクセスが許可されていません",
        "Blender 未获准联网",
    ),
    (
        "The account has no credit left, or this key has reached its spending limit",
        "Das Konto hat kein Guthaben mehr, oder dieser Schlüssel hat seine Ausgabengrenze erreicht",
        "残高がないか、このキーの利用上限に達しました",
        "账户余额不足，或此密钥已达消费上限",
    ),
    (
        "Paste your AIgateway key into the extension's preferences",
        "Füge deinen AIgateway-Schlüssel in die Einstellungen der Erweiterung ein",
        "拡張機能のプリファレンスに AIgateway のキーを貼り付けてください",
        "请在扩展的偏好设置中粘贴 AIgateway 密钥",
    ),
    (
        "Switch on Preferences > System > Network > Allow Online Access",
        "Schalte Einstellungen > System > Netzwerk > Online-Zugriff erlauben ein",
        "プリファレンス > システム > ネットワーク > オンラインアクセスを許可 をオンにしてください",
        "请开启 偏好设置 > 系统 > 网络 > 允许联网",
    ),
    (
        "Raise the limit in the preferences, or go on tomorrow",
        "Erhöhe die Grenze in den Einstellungen, oder mach morgen weiter",
        "プリファレンスで上限を上げるか、明日続けてください",
        "请在偏好设置中提高上限，或明天继续",
    ),
    (
        "Choose another library folder in the preferences",
        "Wähle in den Einstellungen einen anderen Bibliotheksordner",
        "プリファレンスで別のライブラリフォルダーを選んでください",
        "请在偏好设置中选择其他库文件夹",
    ),
    ("The connection works", "Die Verbindung steht", "接続できました", "连接正常"),
    ("Prompt copied", "Prompt kopiert", "プロンプトをコピーしました", "提示词已复制"),
    ("No prop is missing", "Kein Prop fehlt", "見つからないプロップはありません", "没有缺失的道具"),
    (
        "The details are on the clipboard",
        "Die Einzelheiten sind in der Zwischenablage",
        "詳細をクリップボードにコピーしました",
        "详细信息已复制到剪贴板",
    ),
    (
        "The diagnostics are in the clipboard",
        "Die Diagnose ist in der Zwischenablage",
        "診断情報をクリップボードにコピーしました",
        "诊断信息已复制到剪贴板",
    ),
)

SETTINGS: Final[tuple[Row, ...]] = (
    ("Generate Variant...", "Variante erzeugen...", "バリエーションを生成...", "生成变体..."),
    ("Remove Reference Image", "Referenzbild entfernen", "参照画像を外す", "移除参考图像"),
    ("Force Opaque", "Deckend machen", "不透明にする", "强制不透明"),
    ("Boxes in the Viewport", "Kästen in der Ansicht", "ビューポートの枠", "视口中的方框"),
    ("Save as Defaults", "Als Vorgabe speichern", "既定値として保存", "保存为默认值"),
    ("Restore Factory Settings", "Werkseinstellungen", "初期設定に戻す", "恢复出厂设置"),
    ("At the 3D cursor", "Am 3D-Cursor", "3D カーソルの位置", "位于 3D 游标处"),
    ("At the world origin", "Am Weltursprung", "ワールド原点", "位于世界原点"),
    ("New Seed", "Neuer Seed", "新しいシード", "新种子"),
    (
        "The chat endpoint takes no reference image",
        "Der Chat-Endpunkt nimmt kein Referenzbild",
        "チャットのエンドポイントは参照画像を受け付けません",
        "聊天端点不接受参考图像",
    ),
    (
        "New files begin with your saved settings",
        "Neue Dateien beginnen mit deinen Vorgaben",
        "新しいファイルは保存した設定で始まります",
        "新文件将使用保存的设置",
    ),
    (
        "New files begin with these settings",
        "Neue Dateien beginnen so",
        "新しいファイルはこの設定で始まります",
        "新文件将使用这些设置",
    ),
    ("Under way: see Jobs", "In Arbeit: siehe Aufträge", "進行中: ジョブを参照", "进行中: 见任务"),
    ("Start", "Start", "開始", "开始"),
    ("Skip the Test", "Test überspringen", "テストを省略", "跳过测试"),
    ("Continue Anyway", "Trotzdem weiter", "このまま続行", "仍然继续"),
    ("Place", "Platzieren", "配置", "放置"),
    ("More", "Mehr", "その他", "更多"),
    ("Allow Online Access", "Online-Zugriff erlauben", "オンラインアクセスを許可", "允许联网"),
    ("Starting", "Beginnt", "開始中", "正在开始"),
    ("Cancelling", "Wird abgebrochen", "キャンセル中", "正在取消"),
    ("Cancelled", "Abgebrochen", "キャンセルしました", "已取消"),
    ("Generate on Surface", "Auf Fläche erzeugen", "面の上に生成", "在表面上生成"),
    ("As in Preferences", "Wie in den Einstellungen", "プリファレンスに従う", "与偏好设置一致"),
    ("World Origin", "Weltursprung", "ワールド原点", "世界原点"),
    ("Max Triangles", "Dreiecke höchstens", "最大三角形数", "最多三角面"),
    ("Max Texture", "Textur höchstens", "最大テクスチャ", "最大纹理"),
    ("Longest Side", "Längste Seite", "最長の辺", "最长边"),
    ("As Received", "Wie empfangen", "受信したまま", "按接收原样"),
)

JOBS: Final[tuple[Row, ...]] = (
    ("and {} more wait", "und {} weitere warten", "他 {} 件が待機中", "另有 {} 个在等待"),
    ("{} props", "{} Props", "プロップ {} 個", "{} 个道具"),
    ("Waiting", "Wartet", "待機中", "等待中"),
    (
        "The gateway may still bill it",
        "Das Gateway kann es noch berechnen",
        "ゲートウェイが課金する場合があります",
        "网关仍可能计费",
    ),
    (
        "It may have been charged, and has not arrived yet",
        "Er wurde womöglich schon berechnet und ist noch nicht da",
        "すでに課金された可能性がありますが、まだ届いていません",
        "可能已计费，但尚未送达",
    ),
    ("Already begun", "Schon begonnen", "すでに開始しています", "已经开始"),
    (
        "Preparing {} props in the background",
        "Bereitet {} Props im Hintergrund vor",
        "{} 個のプロップをバックグラウンドで準備中",
        "正在后台准备 {} 个道具",
    ),
    (
        "Its scene was deleted, so it is in the library only",
        "Seine Szene wurde gelöscht; er ist nur in der Bibliothek",
        "シーンが削除されたため、ライブラリにのみあります",
        "其场景已删除，因此仅存于库中",
    ),
    (
        "Its collection was deleted, so it is in the scene's own",
        "Seine Sammlung wurde gelöscht; er ist in der der Szene",
        "コレクションが削除されたため、シーンのコレクションにあります",
        "其集合已删除，因此在场景集合中",
    ),
    (
        "The gateway is working on it",
        "Das Gateway arbeitet daran",
        "ゲートウェイで処理中",
        "网关正在处理",
    ),
    (
        "Preparing the prop in the background",
        "Bereitet den Prop im Hintergrund vor",
        "バックグラウンドで準備中",
        "正在后台准备道具",
    ),
    (
        "Importing in the background",
        "Importiert im Hintergrund",
        "バックグラウンドでインポート中",
        "正在后台导入",
    ),
    ("Taking the prop's picture", "Macht ein Bild des Props", "画像を作成中", "正在生成图片"),
    ("Writing the prop", "Schreibt den Prop", "プロップを書き込み中", "正在写入道具"),
    (
        "Starting the background Blender",
        "Startet das Hintergrund-Blender",
        "バックグラウンドの Blender を起動中",
        "正在启动后台 Blender",
    ),
    ("Sent to the gateway", "Ans Gateway gesendet", "ゲートウェイに送信しました", "已发送到网关"),
    ("The connection failed", "Die Verbindung brach ab", "接続に失敗しました", "连接失败"),
    ("The download broke off", "Der Download brach ab", "ダウンロードが中断しました", "下载中断"),
    (
        "The download link does not work",
        "Der Download-Link geht nicht",
        "ダウンロードリンクが無効です",
        "下载链接无效",
    ),
    (
        "The chat endpoint makes no models",
        "Der Chat-Endpunkt macht keine Modelle",
        "チャットのエンドポイントはモデルを作成しません",
        "聊天端点不生成模型",
    ),
    (
        "The model refuses a setting",
        "Das Modell lehnt eine Einstellung ab",
        "モデルが設定を受け付けません",
        "模型拒绝了一项设置",
    ),
    (
        "The gateway is busy",
        "Das Gateway ist ausgelastet",
        "ゲートウェイが混雑しています",
        "网关繁忙",
    ),
)

ARRIVAL: Final[tuple[Row, ...]] = (
    ("Placed: {}", "Platziert: {}", "配置済み: {}", "已放置: {}"),
    ("Show", "Zeigen", "表示", "显示"),
    (
        "The prop is no longer there",
        "Der Prop ist nicht mehr da",
        "プロップはもうありません",
        "该道具已不存在",
    ),
    (
        "It is in another scene",
        "Er ist in einer anderen Szene",
        "別のシーンにあります",
        "它在另一个场景中",
    ),
    (
        "Switch to Object Mode first",
        "Erst in den Objektmodus wechseln",
        "先にオブジェクトモードに切り替えてください",
        "请先切换到物体模式",
    ),
    ("Exactly at 3D Cursor", "Genau am 3D-Cursor", "3Dカーソルの位置ちょうど", "正好在 3D 游标处"),
    ("From Prompt", "Aus dem Prompt", "プロンプトから", "根据提示词"),
    ("Size: {}", "Größe: {}", "サイズ: {}", "尺寸: {}"),
    ("{} high", "{} hoch", "高さ {}", "高 {}"),
    ("as received", "wie empfangen", "受信したまま", "按接收原样"),
)

ROWS: Final = (*PANELS, *BUTTONS, *FIELDS, *MESSAGES, *SETTINGS, *JOBS, *ARRIVAL)
