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
    ("Another Variant", "Weitere Variante", "別のバリエーション", "另一个变体"),
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
    ("Reset Settings", "Einstellungen zurücksetzen", "設定をリセット", "重置设置"),
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
    ("Trellis Prop...", "Trellis-Prop...", "Trellis プロップ...", "Trellis 道具..."),
    (
        "Trellis Prop from Library...",
        "Trellis-Prop aus Bibliothek...",
        "ライブラリから Trellis プロップ...",
        "从库中添加 Trellis 道具...",
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
    ("{} so far", "{} bisher", "経過 {}", "已用 {}"),
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

ROWS: Final = (*PANELS, *BUTTONS, *FIELDS, *MESSAGES)
